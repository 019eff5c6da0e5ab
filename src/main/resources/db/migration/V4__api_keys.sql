-- Who may ask. The key itself is known to its owner alone: what is here lets a process recognise it, and lets nobody use it. Rows
-- are never deleted by the service, so that a list tells who could come in, and until when.
CREATE TABLE api_keys (
    id text PRIMARY KEY,
    hash text NOT NULL UNIQUE,
    user_id text NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 128),
    role text NOT NULL CHECK (role IN ('user', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
