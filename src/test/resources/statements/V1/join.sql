INSERT INTO nodes (id, host, version, expires_at)
VALUES ($1, $2, $3, now() + $4::bigint * interval '1 millisecond')
