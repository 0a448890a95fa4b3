-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What devices need of sessions that are not released, by the reference that the
-- session has. One reference stands for one secret, whoever has it.
CREATE TABLE session_secret (
    session_n INTEGER NOT NULL REFERENCES session (n),
    ref       TEXT NOT NULL,
    sealed    BLOB NOT NULL,
    PRIMARY KEY (session_n, ref)
) WITHOUT ROWID;
CREATE INDEX session_secret_ref ON session_secret (ref);

-- +goose Down
DROP TABLE session_secret;
