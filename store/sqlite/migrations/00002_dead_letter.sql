-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What was given up stays on record when its stream goes on with later events.
CREATE TABLE dead_letter (
    session_n INTEGER NOT NULL REFERENCES session (n),
    after     INTEGER NOT NULL, -- seq of the last event delivered before
    last      INTEGER NOT NULL, -- seq of the last event given up
    reason    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (session_n, after)
) WITHOUT ROWID;
INSERT INTO dead_letter (session_n, after, last, reason, at)
SELECT t.session_n, t.delivered, (SELECT coalesce(max(e.seq), 0) FROM event e WHERE e.session_n = t.session_n), t.reason, t.since
FROM stream t WHERE t.state = 'dead';

-- +goose Down
DROP TABLE dead_letter;
