-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- Version 5, which is Go, has made bookings of the reservations.
DROP TABLE arc_change;
DROP TABLE reservation;
ALTER TABLE arc DROP COLUMN version;

-- +goose Down
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
