-- name: Pool :one
SELECT n FROM pool WHERE name = ?;

-- name: InsertPool :one
INSERT INTO pool (name) VALUES (?) RETURNING n;

-- name: ValueOf :one
SELECT value FROM pool_value WHERE pool_n = ? AND holder = ?;

-- name: DeleteValue :execrows
DELETE FROM pool_value WHERE pool_n = ? AND value = ?;

-- name: OwnedValues :one
SELECT pool_values FROM session WHERE n = ?;

-- name: DisownValues :exec
UPDATE session SET pool_values = x'' WHERE n = ?;

-- name: Owners :many
SELECT id, pool_values FROM session WHERE length(pool_values) > 0;

-- name: FirstGap :one
SELECT first, last FROM pool_gap WHERE pool_n = sqlc.arg(pool) AND last >= sqlc.arg(least) ORDER BY last LIMIT 1;

-- name: InsertGap :exec
INSERT INTO pool_gap (pool_n, last, first) VALUES (?, ?, ?);

-- name: MoveGap :exec
UPDATE pool_gap SET first = ? WHERE pool_n = ? AND last = ?;

-- name: DeleteGap :exec
DELETE FROM pool_gap WHERE pool_n = ? AND last = ?;

-- name: PoolValues :many
SELECT p.n, p.name, v.value, v.holder FROM pool_value v JOIN pool p ON p.n = v.pool_n ORDER BY p.name, v.value;

-- name: PoolGaps :many
SELECT p.name, g.first, g.last FROM pool_gap g JOIN pool p ON p.n = g.pool_n ORDER BY p.name, g.last;
