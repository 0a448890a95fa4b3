-- name: NotificationKeys :many
SELECT n, from_at, until_at, sealed FROM notification_key WHERE until_at = 0 OR until_at > ? ORDER BY n;

-- name: EndNotificationKeys :exec
UPDATE notification_key SET until_at = sqlc.arg(until) WHERE until_at = 0 OR until_at > sqlc.arg(until);

-- name: AddNotificationKey :exec
INSERT INTO notification_key (from_at, until_at, sealed) VALUES (?, ?, ?);

-- name: DeleteNotificationKeys :exec
DELETE FROM notification_key WHERE until_at > 0 AND until_at <= ?;
