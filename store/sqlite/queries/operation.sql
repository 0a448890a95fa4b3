-- name: WrongListed :many
SELECT l.tenant FROM listed l WHERE l.sessions <> (SELECT count(*) FROM session s WHERE s.tenant = l.tenant AND s.gone = 0);

-- name: WrongPhases :many
SELECT p.phase FROM phase_count p WHERE p.sessions <> (SELECT count(*) FROM session s WHERE s.phase = p.phase AND s.live = 1);

-- name: Meta :one
SELECT value FROM meta WHERE name = ?;

-- name: SetMeta :exec
INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING;

-- name: SealCheck :one
SELECT sealed FROM seal_check;

-- name: SetSealCheck :exec
INSERT INTO seal_check (one, sealed) VALUES (1, ?);

-- name: AnyToken :one
SELECT id, token FROM session WHERE length(token) > 0 ORDER BY n DESC LIMIT 1;

-- name: Topology :one
SELECT revision, loaded_at, digest, body FROM topology_revision ORDER BY revision DESC LIMIT 1;

-- name: TopologyDigest :one
SELECT revision, digest FROM topology_revision ORDER BY revision DESC LIMIT 1;

-- name: InsertTopology :one
INSERT INTO topology_revision (loaded_at, digest, body) VALUES (?, ?, ?) RETURNING revision;

-- name: DeviceLease :one
SELECT holder, fence, until_at FROM device_lease WHERE device = ?;

-- name: SetDeviceLease :exec
INSERT INTO device_lease (device, holder, fence, until_at) VALUES (?, ?, ?, ?)
ON CONFLICT (device) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, until_at = excluded.until_at;

-- name: SlotKeys :many
SELECT port, public_key FROM slot_key WHERE gateway = ?;

-- name: SetSlotKey :exec
INSERT INTO slot_key (gateway, port, public_key) VALUES (?, ?, ?)
ON CONFLICT (gateway, port) DO UPDATE SET public_key = excluded.public_key;

-- name: DeleteSlotKeys :exec
DELETE FROM slot_key WHERE gateway = ?;

-- name: Freezes :many
SELECT scope, name, reason, since FROM freeze ORDER BY scope, name;

-- name: SetFreeze :exec
INSERT INTO freeze (scope, name, reason, since) VALUES (?, ?, ?, ?)
ON CONFLICT (scope, name) DO UPDATE SET reason = excluded.reason, since = excluded.since;

-- name: DeleteFreeze :exec
DELETE FROM freeze WHERE scope = ? AND name = ?;

-- name: ReleasedHolders :many
SELECT s.id FROM session s WHERE s.live = 0
  AND (EXISTS (SELECT 1 FROM booking b WHERE b.owner = s.id AND b.live = 1)
    OR length(s.pool_values) > 0)
ORDER BY s.n;

-- name: WrongTenantUse :many
SELECT t.name FROM tenant t
WHERE t.sessions <> (SELECT count(*) FROM session s WHERE s.tenant = t.name AND s.live = 1)
   OR t.kbps <> (SELECT CAST(coalesce(sum(s.kbps), 0) AS INTEGER) FROM session s WHERE s.tenant = t.name AND s.live = 1)
ORDER BY t.name;

-- name: StrayVPNs :many
SELECT v.id FROM vpn v
WHERE NOT EXISTS (SELECT 1 FROM session s WHERE s.vpn = v.id AND s.live = 1) ORDER BY v.id;
