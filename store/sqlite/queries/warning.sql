-- name: InsertWarning :exec
INSERT INTO warning (hold_id, event_id, at, next_at, tries, since, holder, fence, doc, token)
VALUES (sqlc.arg(hold_id), sqlc.arg(event_id), sqlc.arg(at), sqlc.arg(at), 0, 0, '', 0, sqlc.arg(doc), sqlc.arg(token));

-- name: DueWarning :one
SELECT w.hold_id, w.event_id, w.at, w.tries, w.since, w.fence, w.doc, w.token, h.tenant, h.expires_at
FROM warning w JOIN hold h ON h.id = w.hold_id
WHERE w.next_at <= sqlc.arg(now) AND h.expires_at > sqlc.arg(now) ORDER BY w.next_at, w.hold_id LIMIT 1;

-- name: Warning :one
SELECT tries, since, fence FROM warning WHERE hold_id = ?;

-- name: SetWarning :exec
UPDATE warning SET next_at = ?, tries = ?, since = ?, holder = ?, fence = ? WHERE hold_id = ?;

-- name: DeleteWarning :exec
DELETE FROM warning WHERE hold_id = ?;

-- name: StrayWarnings :many
SELECT w.hold_id FROM warning w
WHERE NOT EXISTS (SELECT 1 FROM hold h WHERE h.id = w.hold_id AND h.ended_at = 0) ORDER BY w.hold_id;
