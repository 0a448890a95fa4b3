-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- Version 5, which is Go, has made bookings of the reservations, and has written
-- into sessions what they own of pools.
DROP TABLE arc_change;
DROP TABLE reservation;
ALTER TABLE arc DROP COLUMN version;

CREATE TABLE value_of_pool (
    pool_n INTEGER NOT NULL REFERENCES pool (n),
    value  INTEGER NOT NULL,
    holder TEXT NOT NULL,
    owners INTEGER NOT NULL, -- sessions that own it
    PRIMARY KEY (pool_n, value),
    UNIQUE (pool_n, holder)
) WITHOUT ROWID;
INSERT INTO value_of_pool (pool_n, value, holder, owners)
SELECT v.pool_n, v.value, v.holder, (SELECT count(*) FROM pool_owner o WHERE o.value_n = v.n) FROM pool_value v;
DROP TABLE pool_owner;
DROP TABLE pool_value;
ALTER TABLE value_of_pool RENAME TO pool_value;

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

-- +goose Down
-- The tables come back without what was in them.
DROP TABLE pool_value;
CREATE TABLE pool_value (
    n      INTEGER PRIMARY KEY NOT NULL,
    pool_n INTEGER NOT NULL REFERENCES pool (n),
    value  INTEGER NOT NULL,
    holder TEXT NOT NULL,
    UNIQUE (pool_n, value),
    UNIQUE (pool_n, holder)
);
CREATE TABLE pool_owner (
    session_n INTEGER NOT NULL REFERENCES session (n),
    value_n   INTEGER NOT NULL REFERENCES pool_value (n),
    PRIMARY KEY (session_n, value_n)
) WITHOUT ROWID;
CREATE INDEX pool_owner_of ON pool_owner (value_n);
ALTER TABLE arc ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
CREATE TABLE reservation (
    session_n INTEGER NOT NULL REFERENCES session (n),
    arc_n     INTEGER NOT NULL REFERENCES arc (n),
    part      INTEGER NOT NULL,
    class     TEXT NOT NULL,
    kbps      INTEGER NOT NULL,
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    PRIMARY KEY (session_n, arc_n, part)
) WITHOUT ROWID;
CREATE TABLE arc_change (
    arc_n     INTEGER NOT NULL REFERENCES arc (n),
    version   INTEGER NOT NULL,
    session_n INTEGER NOT NULL,
    class     TEXT NOT NULL,
    kbps      INTEGER NOT NULL,
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (arc_n, version)
) WITHOUT ROWID;
