-- Expands only: a new table, which the version before does not know and does not need.

-- What lets a browser open an event stream, which cannot send a header with it. The ticket itself is known to who asked for it alone.
-- Short-lived: housekeeping deletes what is good no more.
CREATE TABLE stream_tickets (
    hash            text PRIMARY KEY,                         -- SHA-256 of the ticket
    user_id         text NOT NULL,
    key_hash        text,                                     -- the API key that it was asked for with: it ends with the key
    credential_ends timestamptz,                              -- when the token that it was asked for with ends
    holder          uuid,                                     -- the stream that uses it now; null before the first
    created_at      timestamptz NOT NULL DEFAULT now(),
    good_until      timestamptz NOT NULL                      -- to be used first; later, to be used again
);
CREATE INDEX stream_tickets_age ON stream_tickets (good_until);
