-- Credentials. Secrets that clients hold are stored as hashes.

CREATE TABLE api_keys (
    id         text PRIMARY KEY,
    hash       text NOT NULL UNIQUE,
    user_id    text NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 128),
    role       text NOT NULL CHECK (role IN ('user', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE api_keys IS
    'API keys. The service never deletes a row, so the list shows every key that was valid, and until when.';

CREATE TABLE url_signing_keys (
    id         integer PRIMARY KEY,
    secret     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retires_at timestamptz
);
COMMENT ON TABLE url_signing_keys IS
    'Keys that sign image URLs and callback URLs. The newest signs; an older one still verifies until it retires.';

CREATE TABLE stream_tickets (
    hash                  text PRIMARY KEY,                   -- SHA-256 of the ticket
    user_id               text NOT NULL,
    api_key_hash          text,                               -- the API key that requested it; its revocation ends the ticket
    credential_expires_at timestamptz,                        -- expiry of the token that requested it
    stream_id             uuid,                               -- the stream that uses it now; null before first use
    created_at            timestamptz NOT NULL DEFAULT now(),
    expires_at            timestamptz NOT NULL                -- for the first use; later, for a reconnect
);
COMMENT ON TABLE stream_tickets IS
    'Short-lived tickets that open an event stream from a browser, which cannot send a header with it. Retention deletes expired rows.';
CREATE INDEX stream_tickets_expires_at ON stream_tickets (expires_at);
