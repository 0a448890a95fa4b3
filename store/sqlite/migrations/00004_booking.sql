-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- The one log of what is reserved. Seqs have no gaps, but for what is over and
-- was trimmed; the newest entry is never trimmed.
CREATE TABLE booking (
    seq      INTEGER PRIMARY KEY NOT NULL,
    owner    TEXT NOT NULL,    -- a session's id, or "hold:" and a hold's
    variant  INTEGER NOT NULL,
    releases INTEGER NOT NULL, -- 1: ends the owner's bookings of variants below, and books nothing
    replaces TEXT NOT NULL,    -- owner whose bookings end with this one
    class    TEXT NOT NULL,
    from_at  INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    uses     BLOB NOT NULL,    -- arc number and kbit/s of each, as varints
    live     INTEGER NOT NULL, -- 1 until it ends; 0 for what releases
    at       INTEGER NOT NULL
);
CREATE INDEX booking_of ON booking (owner) WHERE live = 1;
CREATE INDEX booking_over ON booking (at) WHERE live = 0;

CREATE TABLE hold (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    spent_by   TEXT NOT NULL -- session; empty: live or expired
);
CREATE INDEX hold_of ON hold (tenant) WHERE ended_at = 0;
CREATE INDEX hold_due ON hold (expires_at) WHERE ended_at = 0;
CREATE INDEX hold_over ON hold (ended_at) WHERE ended_at > 0;

-- What a session owns of pools is in its row: pool number and value of each, as
-- varints.
ALTER TABLE session ADD COLUMN pool_values BLOB NOT NULL DEFAULT x'';

-- +goose Down
ALTER TABLE session DROP COLUMN pool_values;
DROP TABLE hold;
DROP TABLE booking;
