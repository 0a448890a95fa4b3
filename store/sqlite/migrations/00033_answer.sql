-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What a request was answered goes with its key. Answers are long: rows are written
-- one behind the other now, and are forgotten in that order, which needs no index.
CREATE TABLE idempotency_answered (
    n           INTEGER PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    client      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    answer      BLOB NOT NULL DEFAULT x'', -- empty: none was kept
    UNIQUE (tenant, client, key)
);
INSERT INTO idempotency_answered (tenant, client, key, fingerprint, session_id, created_at)
SELECT tenant, client, key, fingerprint, session_id, created_at FROM idempotency ORDER BY created_at;
DROP TABLE idempotency;
ALTER TABLE idempotency_answered RENAME TO idempotency;

-- +goose Down
CREATE TABLE key_of_create (
    tenant      TEXT NOT NULL,
    client      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, client, key)
) WITHOUT ROWID;
INSERT INTO key_of_create SELECT tenant, client, key, fingerprint, session_id, created_at FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE key_of_create RENAME TO idempotency;
CREATE INDEX idempotency_age ON idempotency (created_at);
