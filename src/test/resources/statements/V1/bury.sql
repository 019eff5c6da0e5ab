DELETE FROM nodes WHERE expires_at < now() - interval '1 hour'
