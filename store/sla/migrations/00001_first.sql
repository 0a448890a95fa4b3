-- SPDX-License-Identifier: Apache-2.0
--
-- Times are microseconds since 1970 UTC, durations are microseconds.

-- +goose Up
-- A session and the sum of all its windows, also of those that were purged.
CREATE TABLE subject (
    n         INTEGER PRIMARY KEY NOT NULL,
    id        TEXT NOT NULL UNIQUE,
    first_seq INTEGER NOT NULL, -- of the oldest window that is kept
    last_seq  INTEGER NOT NULL,
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    met       INTEGER NOT NULL,
    breached  INTEGER NOT NULL,
    unknown   INTEGER NOT NULL,
    down      INTEGER NOT NULL,
    slow      INTEGER NOT NULL,
    sent      INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    lost      INTEGER NOT NULL,
    rtt_sum   INTEGER NOT NULL,
    rtt_worst INTEGER NOT NULL,
    octets_tx INTEGER NOT NULL,
    octets_rx INTEGER NOT NULL,
    counted   INTEGER NOT NULL
);

-- Seqs of a session have no gaps, and from_at grows with them: a page is a range.
CREATE TABLE sla_window (
    subject_n INTEGER NOT NULL REFERENCES subject (n),
    seq       INTEGER NOT NULL,
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    met       INTEGER NOT NULL,
    breached  INTEGER NOT NULL,
    unknown   INTEGER NOT NULL,
    down      INTEGER NOT NULL,
    slow      INTEGER NOT NULL,
    sent      INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    lost      INTEGER NOT NULL,
    rtt_sum   INTEGER NOT NULL,
    rtt_worst INTEGER NOT NULL,
    octets_tx INTEGER NOT NULL,
    octets_rx INTEGER NOT NULL,
    counted   INTEGER NOT NULL,
    verdict   TEXT NOT NULL,
    PRIMARY KEY (subject_n, seq)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE sla_window;
DROP TABLE subject;
