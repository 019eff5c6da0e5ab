-- Expands only: new tables, and an index on one that exists, which the version before does not know and does not need.

-- Erasures of users that are not finished. A row is deleted with the last of its user's data, so that no trace of them remains.
CREATE TABLE user_erasures (
    user_id      text PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_deliveries_of_user ON webhook_deliveries (user_id);

-- Attempts of erased generations, which may have left files without a row in images or still write some. A row is deleted with them.
CREATE TABLE erased_attempts (
    generation_id uuid NOT NULL,
    lease_token   bigint NOT NULL,
    node_id       uuid NOT NULL,
    user_id       text NOT NULL,
    image_count   integer NOT NULL,
    ended         boolean NOT NULL DEFAULT false,             -- the process writes no more files, as it says itself
    PRIMARY KEY (generation_id, lease_token)
);
CREATE INDEX erased_attempts_of_user ON erased_attempts (user_id);
CREATE INDEX erased_attempts_under_way ON erased_attempts (node_id) WHERE NOT ended;

-- Files of erased images. A row is deleted when its file is.
CREATE TABLE erased_images (
    storage_key text PRIMARY KEY,
    user_id     text NOT NULL
);
CREATE INDEX erased_images_of_user ON erased_images (user_id);
