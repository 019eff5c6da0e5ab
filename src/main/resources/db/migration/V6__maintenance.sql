-- Bookkeeping of retention, erasure and the image store.

CREATE TABLE installation (
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton)
);
INSERT INTO installation DEFAULT VALUES;
COMMENT ON TABLE installation IS
    'One row: identifies this database, also after a dump and restore. The image directory stores the same id.';

CREATE TABLE discarded_images (
    storage_key  text PRIMARY KEY,
    discarded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE discarded_images IS
    'Images whose rows are deleted and whose files are not deleted yet. After a crash, retention continues here.';

CREATE TABLE user_erasures (
    user_id      text PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE user_erasures IS
    'Unfinished erasures of users. The row is deleted with the last data of the user, so no trace remains.';

CREATE TABLE erased_attempts (
    generation_id uuid NOT NULL,
    lease_token   bigint NOT NULL,
    node_id       uuid NOT NULL,
    user_id       text NOT NULL,
    image_count   integer NOT NULL,
    ended         boolean NOT NULL DEFAULT false,             -- the node reported that it writes no more files
    PRIMARY KEY (generation_id, lease_token)
);
COMMENT ON TABLE erased_attempts IS
    'Attempts of erased generations that may have left files without a row in images, or still write some. Deleted with the files.';
CREATE INDEX erased_attempts_of_user ON erased_attempts (user_id);
CREATE INDEX erased_attempts_running ON erased_attempts (node_id) WHERE NOT ended;

CREATE TABLE erased_images (
    storage_key text PRIMARY KEY,
    user_id     text NOT NULL
);
COMMENT ON TABLE erased_images IS 'Files of erased images. A row is deleted with its file.';
CREATE INDEX erased_images_of_user ON erased_images (user_id);
