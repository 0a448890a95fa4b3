-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- What an event tells of, and what only some kinds have, as JSON; empty: nothing.
ALTER TABLE event ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN data TEXT NOT NULL DEFAULT '';
CREATE INDEX event_sla ON event (session_n, seq) WHERE kind IN ('sla-breached', 'sla-restored');

-- What customers' lists are filtered and sorted by; n breaks ties. A session is
-- gone for its customer once it was deleted and released. Of sessions from
-- before, times are kept to the millisecond here.
ALTER TABLE session ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN start_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
UPDATE session SET
    created_at = coalesce(CAST(unixepoch(doc ->> '$.CreatedAt', 'subsec') * 1000000 AS INTEGER), 0),
    start_at = coalesce(CAST(unixepoch(doc ->> '$.Start', 'subsec') * 1000000 AS INTEGER), 0),
    gone = phase = 'released' AND coalesce(doc ->> '$.StatusInfo', '') = 'DELETE_REQUESTED';
CREATE INDEX session_created ON session (tenant, created_at) WHERE gone = 0;
CREATE INDEX session_starts ON session (tenant, start_at) WHERE gone = 0;
CREATE INDEX session_named ON session (tenant, name) WHERE gone = 0;
CREATE INDEX session_in_status ON session (tenant, status, created_at) WHERE gone = 0;

-- How many sessions of each tenant are not gone: a list says how many there are
-- with each of its pages.
CREATE TABLE listed (
    tenant   TEXT PRIMARY KEY NOT NULL,
    sessions INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO listed (tenant, sessions) SELECT tenant, count(*) FROM session WHERE gone = 0 GROUP BY tenant;
-- +goose StatementBegin
CREATE TRIGGER session_listed AFTER INSERT ON session WHEN new.gone = 0 BEGIN
    INSERT INTO listed (tenant, sessions) VALUES (new.tenant, 1) ON CONFLICT (tenant) DO UPDATE SET sessions = sessions + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER session_unlisted AFTER UPDATE OF gone ON session WHEN new.gone <> old.gone BEGIN
    UPDATE listed SET sessions = sessions + old.gone - new.gone WHERE tenant = new.tenant;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER session_purged AFTER DELETE ON session WHEN old.gone = 0 BEGIN
    UPDATE listed SET sessions = sessions - 1 WHERE tenant = old.tenant;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER session_purged;
DROP TRIGGER session_unlisted;
DROP TRIGGER session_listed;
DROP TABLE listed;
DROP INDEX session_in_status;
DROP INDEX session_named;
DROP INDEX session_starts;
DROP INDEX session_created;
ALTER TABLE session DROP COLUMN gone;
ALTER TABLE session DROP COLUMN start_at;
ALTER TABLE session DROP COLUMN created_at;
DROP INDEX event_sla;
ALTER TABLE event DROP COLUMN data;
ALTER TABLE event DROP COLUMN kind;
