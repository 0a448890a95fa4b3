-- name: Arc :one
SELECT n, version FROM arc WHERE name = ?;

-- name: ArcByNumber :one
SELECT name, version FROM arc WHERE n = ?;

-- name: InsertArc :one
INSERT INTO arc (name, version) VALUES (?, 0) RETURNING n;

-- name: SetArcVersion :exec
UPDATE arc SET version = ? WHERE n = ?;

-- name: Arcs :many
SELECT n, name, version FROM arc ORDER BY n;

-- name: ChangesSince :many
SELECT c.version, c.class, c.kbps, c.from_at, c.until_at, s.id
FROM arc_change c JOIN session s ON s.n = c.session_n
WHERE c.arc_n = sqlc.arg(arc) AND c.version > sqlc.arg(known) AND c.version <= sqlc.arg(newest) ORDER BY c.version;

-- name: ReservationsOf :many
SELECT arc_n, class, kbps, from_at, until_at FROM reservation WHERE session_n = ? ORDER BY arc_n, part;

-- name: DeleteReservations :exec
DELETE FROM reservation WHERE session_n = ?;

-- name: HoldsAnything :one
SELECT EXISTS (SELECT 1 FROM reservation r WHERE r.session_n = sqlc.arg(n)
    UNION ALL SELECT 1 FROM pool_owner o WHERE o.session_n = sqlc.arg(n));

-- name: TrimChanges :exec
DELETE FROM arc_change WHERE arc_n >= sqlc.arg(first) AND arc_n < sqlc.arg(beyond) AND at < sqlc.arg(before);

-- name: LastArc :one
SELECT CAST(coalesce(max(n), 0) AS INTEGER) FROM arc;
