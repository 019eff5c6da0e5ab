-- Expands only: new tables, which the version before does not know and does not need.

-- Which generation was made for an idempotency key. No reference to it: when it is deleted the key stays, so that the same request
-- sent once more does not make it again.
CREATE TABLE idempotency_keys (
    user_id       text NOT NULL,
    key           text NOT NULL,
    fingerprint   text NOT NULL,                              -- of the request, to tell a repeated one from another
    generation_id uuid NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Generations that ask for what a failed one asked for. That one may have been deleted.
CREATE TABLE generation_retries (
    generation_id uuid PRIMARY KEY REFERENCES generations (id),
    retry_of      uuid NOT NULL
);

-- Pictures whose rows are deleted and whose files are to follow: what a crash in between leaves is found here.
CREATE TABLE discarded_images (
    storage_key  text PRIMARY KEY,
    discarded_at timestamptz NOT NULL DEFAULT now()
);

-- What picture links are signed with. The youngest signs; an older one is still believed until it is retired.
CREATE TABLE link_keys (
    id         integer PRIMARY KEY,
    secret     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retires_at timestamptz
);
