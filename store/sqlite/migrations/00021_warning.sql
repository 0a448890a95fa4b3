-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What a customer is to be told of before a hold ends: it goes when it was told,
-- or with the hold.
CREATE TABLE warning (
    hold_id  TEXT PRIMARY KEY NOT NULL REFERENCES hold (id),
    event_id TEXT NOT NULL,
    at       INTEGER NOT NULL, -- when it is due
    next_at  INTEGER NOT NULL, -- when it may be claimed
    tries    INTEGER NOT NULL,
    since    INTEGER NOT NULL, -- of the first try; 0: none yet
    holder   TEXT NOT NULL,
    fence    INTEGER NOT NULL,
    doc      TEXT NOT NULL, -- offers, sink, correlator
    token    BLOB NOT NULL  -- secret of the sink, sealed
) WITHOUT ROWID;
CREATE INDEX warning_due ON warning (next_at);

-- +goose Down
DROP TABLE warning;
