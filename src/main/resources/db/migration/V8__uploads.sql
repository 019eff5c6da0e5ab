-- Images that clients upload as input of generations.

CREATE TABLE uploads (
    id          uuid PRIMARY KEY,                             -- UUIDv7, created by the service
    user_id     text NOT NULL,
    media_type  text NOT NULL,
    width       integer NOT NULL,
    height      integer NOT NULL,
    bytes       bigint NOT NULL,
    sha256      text NOT NULL,                                -- lower-case hex
    storage_key text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL                          -- from then on no request may name it
);
COMMENT ON TABLE uploads IS
    'Input images. A row is inserted after the whole image is in the store. Retention deletes rows that have expired and that no unfinished generation uses.';
CREATE INDEX uploads_of_user ON uploads (user_id, expires_at);
CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE TABLE pending_uploads (
    id         uuid PRIMARY KEY,
    user_id    text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pending_uploads IS
    'Uploads that are being checked and stored. The insert of the upload deletes the row, and requires it: the erasure of the user deletes it too.';

CREATE TABLE upload_uses (
    generation_id uuid NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    upload_id     uuid NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    PRIMARY KEY (generation_id, upload_id)
);
COMMENT ON TABLE upload_uses IS 'The uploads of each generation. An upload stays while a generation that uses it is unfinished.';
CREATE INDEX upload_uses_of_upload ON upload_uses (upload_id);
