UPDATE nodes SET expires_at = now() + $2::bigint * interval '1 millisecond'
WHERE id = $1 AND expires_at > now()
RETURNING id
