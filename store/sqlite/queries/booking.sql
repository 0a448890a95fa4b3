-- name: InsertArc :one
INSERT INTO arc (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING n;

-- name: Arcs :many
SELECT n, name FROM arc;

-- name: NewestBooking :one
SELECT CAST(coalesce(max(seq), 0) AS INTEGER) FROM booking;

-- name: BookingsSince :many
SELECT seq, owner, variant, releases, replaces, class, from_at, until_at, uses FROM booking WHERE seq > ? ORDER BY seq;

-- name: EndBookings :execrows
UPDATE booking SET live = 0 WHERE owner = ? AND live = 1 AND variant < sqlc.arg(below);

-- name: HoldsAnything :one
SELECT EXISTS (SELECT 1 FROM booking b WHERE b.owner = sqlc.arg(id) AND b.live = 1
    UNION ALL SELECT 1 FROM session s WHERE s.n = sqlc.arg(n) AND length(s.pool_values) > 0);

-- name: TrimBookings :execrows
DELETE FROM booking WHERE seq IN (
    SELECT b.seq FROM booking b
    WHERE b.live = 0 AND b.at < sqlc.arg(before) AND b.seq < (SELECT max(newest.seq) FROM booking newest)
    LIMIT sqlc.arg(most));

-- name: StrayBookings :many
SELECT b.owner FROM booking b WHERE b.live = 1
  AND NOT EXISTS (SELECT 1 FROM session s WHERE s.id = b.owner AND s.live = 1)
  AND NOT EXISTS (SELECT 1 FROM hold h WHERE 'hold:' || h.id = b.owner AND h.ended_at = 0)
ORDER BY b.seq;

-- name: Hold :one
SELECT tenant, expires_at, ended_at, spent_by FROM hold WHERE id = ?;

-- name: InsertHold :exec
INSERT INTO hold (id, tenant, expires_at, ended_at, spent_by) VALUES (?, ?, ?, 0, '');

-- name: InsertSpentOffer :exec
INSERT INTO hold (id, tenant, expires_at, ended_at, spent_by) VALUES (?, ?, ?, ?, ?);

-- name: EndHold :exec
UPDATE hold SET ended_at = ?, spent_by = ? WHERE id = ?;

-- name: LiveHolds :many
SELECT id, tenant, expires_at FROM hold WHERE tenant = ? AND ended_at = 0 AND expires_at > sqlc.arg(now) ORDER BY id;

-- name: DueHolds :many
SELECT id FROM hold WHERE ended_at = 0 AND expires_at <= sqlc.arg(now) ORDER BY expires_at, id LIMIT sqlc.arg(most);

-- name: DeleteHolds :exec
DELETE FROM hold WHERE ended_at > 0 AND ended_at < sqlc.arg(before) AND expires_at < sqlc.arg(before);
