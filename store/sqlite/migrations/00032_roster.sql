-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- An order writes a page of each index. What the daemon counts when it opens the
-- store and keeps in memory needs none: in which VPNs the live sessions at an
-- access point are, and how many of them own a pool's value. It is read from this
-- index alone.
DROP INDEX session_at_a;
DROP INDEX session_at_z;
DROP INDEX session_of_vpn;
CREATE INDEX session_of_vpn ON session (vpn, n, tenant, a_point, z_point, pool_values) WHERE live = 1;

CREATE TABLE pool_value_taken (
    pool_n INTEGER NOT NULL REFERENCES pool (n),
    value  INTEGER NOT NULL,
    holder TEXT NOT NULL,
    PRIMARY KEY (pool_n, value),
    UNIQUE (pool_n, holder)
) WITHOUT ROWID;
INSERT INTO pool_value_taken (pool_n, value, holder) SELECT pool_n, value, holder FROM pool_value;
DROP TABLE pool_value;
ALTER TABLE pool_value_taken RENAME TO pool_value;

-- Lists are read from one index, which has all they are filtered and sorted by.
DROP INDEX session_of_tenant;
DROP INDEX session_created;
DROP INDEX session_starts;
DROP INDEX session_named;
DROP INDEX session_in_status;
CREATE INDEX session_listed ON session (tenant, created_at, n, gone, status, start_at, name, client, level);

-- +goose Down
DROP INDEX session_listed;
CREATE INDEX session_of_tenant ON session (tenant, n);
CREATE INDEX session_created ON session (tenant, created_at) WHERE gone = 0;
CREATE INDEX session_starts ON session (tenant, start_at) WHERE gone = 0;
CREATE INDEX session_named ON session (tenant, name) WHERE gone = 0;
CREATE INDEX session_in_status ON session (tenant, status, created_at) WHERE gone = 0;
-- How many own a value cannot be told here: none of these is ever free again.
ALTER TABLE pool_value ADD COLUMN owners INTEGER NOT NULL DEFAULT 1000000;
DROP INDEX session_of_vpn;
CREATE INDEX session_of_vpn ON session (vpn) WHERE live = 1;
CREATE INDEX session_at_a ON session (tenant, a_point) WHERE live = 1;
CREATE INDEX session_at_z ON session (tenant, z_point) WHERE live = 1;
