-- name: Pool :one
SELECT n FROM pool WHERE name = ?;

-- name: InsertPool :one
INSERT INTO pool (name) VALUES (?) RETURNING n;

-- name: ValueOf :one
SELECT n, value FROM pool_value WHERE pool_n = ? AND holder = ?;

-- name: LastValue :one
SELECT CAST(coalesce(max(n), 0) AS INTEGER) FROM pool_value;

-- name: DeleteValue :exec
DELETE FROM pool_value WHERE n = ?;

-- name: AddOwner :exec
INSERT INTO pool_owner (session_n, value_n) VALUES (?, ?) ON CONFLICT (session_n, value_n) DO NOTHING;

-- name: OwnedValues :many
SELECT v.n, v.pool_n, v.value FROM pool_owner o JOIN pool_value v ON v.n = o.value_n
WHERE o.session_n = ? ORDER BY v.n;

-- name: DeleteOwner :exec
DELETE FROM pool_owner WHERE session_n = ? AND value_n = ?;

-- name: ValueOwned :one
SELECT EXISTS (SELECT 1 FROM pool_owner WHERE value_n = ?);

-- name: FirstGap :one
SELECT first, last FROM pool_gap WHERE pool_n = sqlc.arg(pool) AND last >= sqlc.arg(least) ORDER BY last LIMIT 1;

-- name: InsertGap :exec
INSERT INTO pool_gap (pool_n, last, first) VALUES (?, ?, ?);

-- name: MoveGap :exec
UPDATE pool_gap SET first = ? WHERE pool_n = ? AND last = ?;

-- name: DeleteGap :exec
DELETE FROM pool_gap WHERE pool_n = ? AND last = ?;

-- name: PoolValues :many
SELECT p.name, v.value, v.holder, (SELECT count(*) FROM pool_owner o WHERE o.value_n = v.n) AS owners
FROM pool_value v JOIN pool p ON p.n = v.pool_n ORDER BY p.name, v.value;

-- name: PoolGaps :many
SELECT p.name, g.first, g.last FROM pool_gap g JOIN pool p ON p.n = g.pool_n ORDER BY p.name, g.last;
