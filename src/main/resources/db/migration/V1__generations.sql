-- The public record of a generation: written when it is accepted, with every ended attempt, and when it ends.
-- Limits on prompts, sizes and counts live in the contract and the settings, where they can change without a migration.
CREATE TABLE generations (
    id              uuid PRIMARY KEY,                         -- UUIDv7, made by the service
    user_id         text NOT NULL,
    status          text NOT NULL DEFAULT 'PENDING',
    prompt          text NOT NULL,
    negative_prompt text,
    width           integer NOT NULL,
    height          integer NOT NULL,
    image_count     integer NOT NULL,
    seed            bigint NOT NULL,                          -- kept, so that every attempt asks for the same picture
    model           text,
    metadata        jsonb,
    failed_attempts integer NOT NULL DEFAULT 0,               -- every ended attempt without success, counted or not
    error_code      text,
    error_class     text,
    error_message   text,
    error_retryable boolean,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    completed_at    timestamptz,
    CONSTRAINT generations_status_known CHECK (status IN ('PENDING', 'COMPLETE', 'FAILED')),
    CONSTRAINT generations_ended_has_time CHECK ((status = 'PENDING') = (completed_at IS NULL)),
    CONSTRAINT generations_failed_has_error CHECK (
        (status = 'FAILED') = (error_code IS NOT NULL)
        AND (error_code IS NULL) = (error_class IS NULL)
        AND (error_code IS NULL) = (error_message IS NULL)
        AND (error_code IS NULL) = (error_retryable IS NULL))
) WITH (fillfactor = 85);                                     -- room for the updates to stay on their page

-- One row for each attempt that ended; never changed. The attempt under way stands in the queue row.
CREATE TABLE generation_attempts (
    generation_id uuid NOT NULL REFERENCES generations (id),
    number        integer NOT NULL,                           -- 1, 2, 3 ... in the order in which they ended
    lease_token   bigint NOT NULL,                            -- the claim that made the attempt
    node_id       uuid NOT NULL,
    backend       text NOT NULL,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz NOT NULL,
    outcome       text NOT NULL,
    counted       boolean NOT NULL,
    error_class   text,
    error_code    text,
    error_message text,
    http_status   integer,
    retry_at      timestamptz,                                -- when the next attempt is due; null when there is none
    PRIMARY KEY (generation_id, number),
    CONSTRAINT generation_attempts_once_per_claim UNIQUE (generation_id, lease_token),
    CONSTRAINT generation_attempts_outcome_known CHECK (
        outcome IN ('SUCCEEDED', 'RETRYABLE', 'PERMANENT', 'TIMEOUT', 'LOST', 'INTERRUPTED')),
    CONSTRAINT generation_attempts_failure_has_error CHECK ((outcome = 'SUCCEEDED') = (error_code IS NULL))
);
-- However many nodes believe they finished the work, one success is recorded.
CREATE UNIQUE INDEX generation_attempts_one_success ON generation_attempts (generation_id) WHERE outcome = 'SUCCEEDED';

-- The queue: one narrow row per generation that has not ended, deleted in the transaction that ends it, so that the table
-- that is scanned stays as small as the work that waits.
CREATE TABLE generation_queue (
    generation_id      uuid PRIMARY KEY REFERENCES generations (id),
    user_id            text NOT NULL,
    route              text NOT NULL,                         -- which backends may do the work
    priority           smallint NOT NULL DEFAULT 0,           -- smaller is sooner
    run_at             timestamptz NOT NULL DEFAULT now(),
    deadline           timestamptz NOT NULL,                  -- of the generation's whole life
    counted_failures   integer NOT NULL DEFAULT 0,
    lost_attempts      integer NOT NULL DEFAULT 0,
    lease_owner        uuid,                                  -- the node at work on it; null while it waits
    lease_token        bigint NOT NULL DEFAULT 0,             -- the fence: grows with every claim and never shrinks
    attempt_started_at timestamptz,
    attempt_deadline   timestamptz,
    attempt_backend    text,
    provider_job_id    text,                                  -- the AI server's own name for the work, where it has one
    CONSTRAINT generation_queue_lease_whole CHECK (
        (lease_owner IS NULL) = (attempt_started_at IS NULL)
        AND (lease_owner IS NULL) = (attempt_deadline IS NULL)
        AND (lease_owner IS NULL) = (attempt_backend IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE INDEX generation_queue_waiting ON generation_queue (route, priority, run_at, generation_id)
    WHERE lease_owner IS NULL;
CREATE INDEX generation_queue_leased ON generation_queue (lease_owner) WHERE lease_owner IS NOT NULL;
CREATE INDEX generation_queue_deadline ON generation_queue (deadline);

-- The pictures of a generation. A row appears only when the picture is whole in the store.
CREATE TABLE images (
    id            uuid PRIMARY KEY,
    generation_id uuid NOT NULL REFERENCES generations (id),
    position      smallint NOT NULL,                          -- 0, 1, 2 ... in the AI server's order
    content_type  text NOT NULL,
    width         integer NOT NULL,
    height        integer NOT NULL,
    bytes         bigint NOT NULL,
    sha256        text NOT NULL,                              -- lower-case hex
    storage_key   text NOT NULL,
    CONSTRAINT images_once_per_position UNIQUE (generation_id, position)
);

-- The processes at work on this database. A start is a new row, so that nobody inherits leases by accident.
CREATE TABLE nodes (
    id         uuid PRIMARY KEY,
    host       text NOT NULL,
    version    text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,                          -- by the database's clock, the only one that decides
    draining   boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50);
