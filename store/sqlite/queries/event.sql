-- name: InsertEvent :exec
INSERT INTO event (session_n, seq, id, at, status, status_info, phase, cause, correlator, notify, kind, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: LastEvent :one
SELECT CAST(coalesce(max(seq), 0) AS INTEGER) FROM event WHERE session_n = ?;

-- name: Timeline :many
SELECT seq, id, at, status, status_info, phase, cause, correlator, notify, kind, data
FROM event WHERE session_n = ? ORDER BY seq;

-- name: NewestEvents :many
SELECT seq, id, at, status, status_info, phase, cause, correlator, notify, kind, data
FROM event WHERE session_n = ? ORDER BY seq DESC LIMIT ?;

-- name: NewestGuaranteeEvents :many
SELECT seq, id, at, status, status_info, phase, cause, correlator, notify, kind, data
FROM event WHERE session_n = ? AND kind IN ('sla-breached', 'sla-restored', 'path-changed', 'rate-changed') ORDER BY seq DESC LIMIT ?;

-- name: LastVerdict :one
SELECT kind, at FROM event WHERE session_n = ? AND kind IN ('sla-breached', 'sla-restored') ORDER BY seq DESC LIMIT 1;

-- name: Verdicts :many
SELECT s.id, e.kind, e.data FROM event e INDEXED BY event_sla JOIN session s ON s.n = e.session_n
WHERE e.kind IN ('sla-breached', 'sla-restored') AND s.live = 1 ORDER BY e.session_n, e.seq;

-- name: DeleteEvents :exec
DELETE FROM event WHERE session_n = ?;

-- name: HeadOfStream :one
SELECT seq, id, at, status, status_info, phase, cause, correlator, notify, kind, data
FROM event WHERE session_n = ? AND seq > ? AND notify = 1 ORDER BY seq LIMIT 1;

-- name: OpenStream :exec
INSERT INTO stream (session_n, delivered, state, next_at, tries, since, holder, fence, reason)
VALUES (?, ?, 'live', ?, 0, 0, '', 0, '')
ON CONFLICT (session_n) DO UPDATE SET next_at = excluded.next_at
WHERE state = 'live' AND next_at = 0;

-- name: DeleteStream :exec
DELETE FROM stream WHERE session_n = ?;

-- name: DueStream :one
SELECT t.session_n, t.delivered, t.tries, t.since, t.fence, s.id, s.tenant, s.vpn, s.version
FROM stream t JOIN session s ON s.n = t.session_n
WHERE t.next_at > 0 AND t.next_at <= ? ORDER BY t.next_at, t.session_n LIMIT 1;

-- name: StreamOf :one
SELECT t.session_n, t.delivered, t.state, t.next_at, t.tries, t.since, t.holder, t.fence, t.reason
FROM stream t JOIN session s ON s.n = t.session_n WHERE s.id = ?;

-- name: ClaimStream :exec
UPDATE stream SET holder = ?, fence = ?, next_at = ? WHERE session_n = ?;

-- name: SetStream :exec
UPDATE stream SET delivered = ?, state = ?, next_at = ?, tries = ?, since = ?, holder = '', fence = ?, reason = ?
WHERE session_n = ?;

-- name: AddDeadLetter :exec
INSERT INTO dead_letter (session_n, after, last, reason, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (session_n, after) DO UPDATE SET last = excluded.last, reason = excluded.reason, at = excluded.at;

-- name: DeadLetters :many
SELECT s.id, s.tenant, d.after, d.last, d.reason, d.at FROM dead_letter d JOIN session s ON s.n = d.session_n
WHERE (sqlc.arg(session) = '' OR s.id = sqlc.arg(session)) AND (sqlc.arg(tenant) = '' OR s.tenant = sqlc.arg(tenant))
ORDER BY d.session_n, d.after LIMIT sqlc.arg(most);

-- name: FirstDeadLetter :one
SELECT after FROM dead_letter WHERE session_n = ? ORDER BY after LIMIT 1;

-- name: EventsToTell :one
SELECT count(*) FROM event WHERE session_n = ? AND seq > ? AND notify = 1;

-- name: DeleteDeadLetters :exec
DELETE FROM dead_letter WHERE session_n = ?;
