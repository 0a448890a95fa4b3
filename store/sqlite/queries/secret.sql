-- name: Secret :many
SELECT sealed FROM session_secret WHERE ref = ? ORDER BY session_n;

-- name: DeleteSecrets :exec
DELETE FROM session_secret WHERE session_n = ?;
