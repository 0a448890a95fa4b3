-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What notifications' keys are made from.
CREATE TABLE notification_key (
    n        INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    from_at  INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    sealed   BLOB NOT NULL
);

-- +goose Down
DROP TABLE notification_key;
