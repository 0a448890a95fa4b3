-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What was sealed when the store was made: a key that does not open it is the wrong one.
CREATE TABLE seal_check (
    one    INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    sealed BLOB NOT NULL
);

-- +goose Down
DROP TABLE seal_check;
