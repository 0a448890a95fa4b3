-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
-- How many sessions that are not released are in each phase, for metrics.
CREATE TABLE phase_count (
    phase    TEXT PRIMARY KEY NOT NULL,
    sessions INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO phase_count (phase, sessions) SELECT phase, count(*) FROM session WHERE live = 1 GROUP BY phase;
-- +goose StatementBegin
CREATE TRIGGER phase_begun AFTER INSERT ON session WHEN new.live = 1 BEGIN
    INSERT INTO phase_count (phase, sessions) VALUES (new.phase, 1) ON CONFLICT (phase) DO UPDATE SET sessions = sessions + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER phase_changed AFTER UPDATE OF phase, live ON session WHEN new.phase <> old.phase OR new.live <> old.live BEGIN
    UPDATE phase_count SET sessions = sessions - old.live WHERE phase = old.phase;
    INSERT INTO phase_count (phase, sessions) VALUES (new.phase, new.live) ON CONFLICT (phase) DO UPDATE SET sessions = sessions + new.live;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER phase_ended AFTER DELETE ON session WHEN old.live = 1 BEGIN
    UPDATE phase_count SET sessions = sessions - 1 WHERE phase = old.phase;
END;
-- +goose StatementEnd

-- Since when those wait that are in a phase that passes; to the millisecond for
-- sessions from before.
ALTER TABLE session ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0; -- 0: as it was ordered
UPDATE session SET updated_at = coalesce(CAST(unixepoch(doc ->> '$.UpdatedAt', 'subsec') * 1000000 AS INTEGER), 0) WHERE live = 1;
CREATE INDEX session_waits ON session (updated_at) WHERE live = 1 AND phase NOT IN ('admitted', 'active');

-- +goose Down
DROP INDEX session_waits;
ALTER TABLE session DROP COLUMN updated_at;
DROP TRIGGER phase_ended;
DROP TRIGGER phase_changed;
DROP TRIGGER phase_begun;
DROP TABLE phase_count;
