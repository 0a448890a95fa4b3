-- name: SessionNumber :one
SELECT n FROM session WHERE id = ?;

-- name: SessionByID :one
SELECT n, id, vpn, version FROM session WHERE id = ?;

-- name: SessionState :one
SELECT n, version, tenant, vpn, a_point, z_point, name, level, phase, kbps, live, start_at, gone, claim_until FROM session WHERE id = ?;

-- name: LiveSessions :many
SELECT tenant, vpn, a_point, z_point, pool_values FROM session WHERE live = 1 ORDER BY vpn;

-- name: SessionsOfVPN :many
SELECT n, id, vpn, version FROM session WHERE vpn = ? AND live = 1 ORDER BY n;

-- name: VPNInUse :one
SELECT EXISTS (SELECT 1 FROM session WHERE vpn = ? AND live = 1);

-- name: SessionsOnDevice :many
SELECT s.n, s.id, s.vpn, s.version
FROM session_device d JOIN session s ON s.n = d.session_n
WHERE d.device = sqlc.arg(device) AND d.session_n > sqlc.arg(after) AND s.live = 1 ORDER BY d.session_n LIMIT sqlc.arg(most);

-- name: SessionsAfter :many
SELECT n, id, vpn, version FROM session WHERE n > ? ORDER BY n LIMIT ?;

-- name: Documents :many
SELECT n, doc_schema, doc, token FROM session
WHERE n IN (SELECT value FROM json_each(CAST(sqlc.arg(numbers) AS TEXT)));

-- name: UpdateSession :exec
UPDATE session SET status = ?, phase = ?, decision = ?, version = ?, due_at = ?, claim_holder = '', claim_until = 0, next_at = ?,
    doc_schema = ?, doc = ?, token = ?, updated_at = ?
WHERE n = ?;

-- What changes seldom, apart: an update writes anew the indexes of all that it names.
-- name: AlterSession :exec
UPDATE session SET name = ?, level = ?, kbps = ?, start_at = ?, gone = ? WHERE n = ?;

-- name: EndSession :exec
UPDATE session SET live = 0, released_at = ? WHERE n = ?;

-- name: DueSessions :many
SELECT n, id, vpn, version FROM session
WHERE next_at > 0 AND next_at <= sqlc.arg(now) ORDER BY next_at, n LIMIT sqlc.arg(most);

-- name: ClaimSessions :exec
UPDATE session SET claim_holder = ?, claim_until = ?, next_at = ?
WHERE n IN (SELECT value FROM json_each(CAST(sqlc.arg(numbers) AS TEXT)));

-- name: PostponeSession :exec
UPDATE session SET claim_holder = '', claim_until = 0,
    due_at = CASE WHEN version = sqlc.arg(version) THEN sqlc.arg(due) ELSE due_at END,
    next_at = CASE WHEN version = sqlc.arg(version) THEN sqlc.arg(due) ELSE due_at END
WHERE id = sqlc.arg(id) AND claim_holder = sqlc.arg(holder);

-- name: TouchSession :exec
UPDATE session SET version = version + 1 WHERE n = ?;

-- name: WakeSession :exec
UPDATE session SET version = version + 1, due_at = sqlc.arg(due),
    next_at = max(sqlc.arg(due), claim_until) WHERE n = sqlc.arg(n);

-- name: DecideSession :exec
UPDATE session SET decision = ?, doc_schema = ?, doc = ? WHERE n = ?;

-- name: PurgeableSessions :many
SELECT s.n FROM session s
WHERE s.live = 0 AND s.released_at < sqlc.arg(released)
  AND NOT EXISTS (SELECT 1 FROM stream t WHERE t.session_n = s.n AND t.next_at > 0)
  AND NOT EXISTS (SELECT 1 FROM dead_letter d WHERE d.session_n = s.n AND d.at > sqlc.arg(given_up))
ORDER BY s.released_at LIMIT sqlc.arg(most);

-- name: DeleteSession :exec
DELETE FROM session WHERE n = ?;

-- name: DevicesOf :many
SELECT session_n, device, have, reason, at FROM session_device WHERE session_n = ? ORDER BY device;

-- name: DevicesOfMany :many
SELECT session_n, device, have, reason, at FROM session_device
WHERE session_n IN (SELECT value FROM json_each(CAST(sqlc.arg(numbers) AS TEXT))) ORDER BY session_n, device;

-- name: AddDevice :exec
INSERT INTO session_device (session_n, device, have, reason, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (session_n, device) DO NOTHING;

-- name: SetDevice :exec
INSERT INTO session_device (session_n, device, have, reason, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (session_n, device) DO UPDATE SET have = excluded.have, reason = excluded.reason, at = excluded.at;

-- name: ForgetDevices :exec
UPDATE session_device SET have = 'unknown', reason = '', at = ? WHERE session_n = ?;

-- name: DeleteDevices :exec
DELETE FROM session_device WHERE session_n = ?;

-- name: TenantUse :one
SELECT sessions, kbps FROM tenant WHERE name = ?;

-- name: AddTenantUse :exec
INSERT INTO tenant (name, sessions, kbps) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET sessions = sessions + excluded.sessions, kbps = kbps + excluded.kbps;

-- name: VPNTenant :one
SELECT tenant FROM vpn WHERE id = ?;

-- name: DeleteVPN :exec
DELETE FROM vpn WHERE id = ?;

-- name: IdempotencyKey :one
SELECT fingerprint, session_id, created_at, answer FROM idempotency WHERE tenant = ? AND client = ? AND key = ?;

-- name: DeleteIdempotencyKeys :execrows
DELETE FROM idempotency
WHERE n IN (SELECT k.n FROM idempotency k ORDER BY k.n LIMIT sqlc.arg(most)) AND idempotency.created_at < sqlc.arg(before);

-- name: PhaseCounts :many
SELECT phase, sessions FROM phase_count;

-- name: LongestWait :one
SELECT CAST(coalesce(min(updated_at), 0) AS INTEGER) FROM session WHERE live = 1 AND phase NOT IN ('admitted', 'active');
