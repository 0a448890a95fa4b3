-- SPDX-License-Identifier: Apache-2.0
--
-- Times are microseconds since 1970 UTC, 0 means never. Rates are kbit/s.
-- Columns called n are numbers of this store alone; they keep the rows that
-- point at a session or arc small and close together.

-- +goose Up
CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
);

CREATE TABLE topology_revision (
    revision  INTEGER PRIMARY KEY NOT NULL,
    loaded_at INTEGER NOT NULL,
    digest    TEXT NOT NULL,
    body      BLOB NOT NULL
);

CREATE TABLE tenant (
    name     TEXT PRIMARY KEY NOT NULL,
    sessions INTEGER NOT NULL, -- not released
    kbps     INTEGER NOT NULL  -- of these, the larger direction of each
);

CREATE TABLE vpn (
    id           TEXT PRIMARY KEY NOT NULL,
    tenant       TEXT NOT NULL,
    number       INTEGER NOT NULL,
    vrf          TEXT NOT NULL,
    route_target TEXT NOT NULL
);

CREATE TABLE session (
    n            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id           TEXT NOT NULL UNIQUE,
    tenant       TEXT NOT NULL,
    client       TEXT NOT NULL,
    name         TEXT NOT NULL,
    vpn          TEXT NOT NULL,
    a_point      TEXT NOT NULL, -- access points of both ends
    z_point      TEXT NOT NULL,
    level        TEXT NOT NULL,
    status       TEXT NOT NULL,
    phase        TEXT NOT NULL,
    decision     TEXT NOT NULL,
    kbps         INTEGER NOT NULL, -- the larger direction
    live         INTEGER NOT NULL, -- 1 until released
    released_at  INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    claim_holder TEXT NOT NULL,
    claim_until  INTEGER NOT NULL,
    next_at      INTEGER NOT NULL, -- when it may be claimed: due and not claimed
    doc_schema   INTEGER NOT NULL,
    doc          TEXT NOT NULL,    -- the session but for version, devices and token
    token        BLOB NOT NULL     -- of the sink, sealed; empty: none
);
CREATE INDEX session_of_tenant ON session (tenant, n);
CREATE INDEX session_of_vpn ON session (vpn) WHERE live = 1;
CREATE INDEX session_at_a ON session (tenant, a_point) WHERE live = 1;
CREATE INDEX session_at_z ON session (tenant, z_point) WHERE live = 1;
CREATE INDEX session_due ON session (next_at) WHERE next_at > 0;
CREATE INDEX session_released ON session (released_at) WHERE live = 0;

CREATE TABLE session_device (
    session_n INTEGER NOT NULL REFERENCES session (n),
    device    TEXT NOT NULL,
    have      TEXT NOT NULL,
    reason    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (session_n, device)
) WITHOUT ROWID;
CREATE INDEX session_device_of ON session_device (device, session_n);

CREATE TABLE event (
    session_n   INTEGER NOT NULL REFERENCES session (n),
    seq         INTEGER NOT NULL,
    id          TEXT NOT NULL,
    at          INTEGER NOT NULL,
    status      TEXT NOT NULL,
    status_info TEXT NOT NULL,
    phase       TEXT NOT NULL,
    cause       TEXT NOT NULL,
    correlator  TEXT NOT NULL,
    notify      INTEGER NOT NULL,
    PRIMARY KEY (session_n, seq)
) WITHOUT ROWID;

CREATE TABLE stream (
    session_n INTEGER PRIMARY KEY NOT NULL REFERENCES session (n),
    delivered INTEGER NOT NULL, -- seq of the last event that is done with
    state     TEXT NOT NULL,    -- live, dead
    next_at   INTEGER NOT NULL, -- when it may be claimed
    tries     INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    holder    TEXT NOT NULL,
    fence     INTEGER NOT NULL,
    reason    TEXT NOT NULL
);
CREATE INDEX stream_due ON stream (next_at) WHERE next_at > 0;

CREATE TABLE idempotency (
    tenant      TEXT NOT NULL,
    client      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, client, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE arc (
    n       INTEGER PRIMARY KEY NOT NULL,
    name    TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL
);

CREATE TABLE reservation (
    session_n INTEGER NOT NULL REFERENCES session (n),
    arc_n     INTEGER NOT NULL REFERENCES arc (n),
    part      INTEGER NOT NULL, -- version of the session that reserved it
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
    kbps      INTEGER NOT NULL, -- negative: returned
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (arc_n, version)
) WITHOUT ROWID;

CREATE TABLE pool (
    n    INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE
);

-- The values that are free, as ranges: finding and giving back the lowest
-- stays logarithmic however many are taken.
CREATE TABLE pool_gap (
    pool_n INTEGER NOT NULL REFERENCES pool (n),
    last   INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    PRIMARY KEY (pool_n, last)
) WITHOUT ROWID;

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

CREATE TABLE device_lease (
    device   TEXT PRIMARY KEY NOT NULL,
    holder   TEXT NOT NULL,
    fence    INTEGER NOT NULL,
    until_at INTEGER NOT NULL
);

CREATE TABLE slot_key (
    gateway    TEXT NOT NULL,
    port       INTEGER NOT NULL,
    public_key TEXT NOT NULL,
    PRIMARY KEY (gateway, port)
);

CREATE TABLE freeze (
    scope  TEXT NOT NULL,
    name   TEXT NOT NULL,
    reason TEXT NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
);

-- +goose Down
DROP TABLE freeze;
DROP TABLE slot_key;
DROP TABLE device_lease;
DROP TABLE pool_owner;
DROP TABLE pool_value;
DROP TABLE pool_gap;
DROP TABLE pool;
DROP TABLE arc_change;
DROP TABLE reservation;
DROP TABLE arc;
DROP TABLE idempotency;
DROP TABLE stream;
DROP TABLE event;
DROP TABLE session_device;
DROP TABLE session;
DROP TABLE vpn;
DROP TABLE tenant;
DROP TABLE topology_revision;
DROP TABLE meta;
