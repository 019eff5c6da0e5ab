-- The processes that work on this database.

CREATE TABLE nodes (
    id                 uuid PRIMARY KEY,
    host               text NOT NULL,
    version            text NOT NULL,
    started_at         timestamptz NOT NULL DEFAULT now(),
    expires_at         timestamptz NOT NULL,                  -- by the clock of the database, the only one that decides
    draining           boolean NOT NULL DEFAULT false,
    concurrency        integer NOT NULL DEFAULT 0,            -- concurrent AI calls; 0 when it makes none
    average_attempt_ms bigint,                                -- measured duration of its attempts; null before the first one
    backends           jsonb NOT NULL DEFAULT '[]',           -- state of its calls to each AI server, for admins
    process_id         uuid NOT NULL DEFAULT gen_random_uuid() -- the same in all rows of a process, which registers again after an expiry
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50);
COMMENT ON TABLE nodes IS
    'One row per process start, so no process inherits the leases of another. Concurrency and duration together estimate the queue time.';

CREATE TABLE drained_backends (
    name       text PRIMARY KEY,                              -- of the configuration
    drained_by text,                                          -- the admin; null after the erasure of that user
    drained_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE drained_backends IS
    'Backends to which no process starts calls, by order of an admin. Few rows. A row stays when the configuration no longer has the backend.';
