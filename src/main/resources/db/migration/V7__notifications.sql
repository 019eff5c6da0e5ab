-- What users are told. New tables alone, which the version before does not know: what it ends is told to nobody, see docs/operations.md.

-- One row per user who was ever told anything or listened. The row is the lock under which numbers are given out: a number exists
-- only once those before it have been committed, so whoever sees n sees all up to n.
CREATE TABLE user_streams (
    user_id   text PRIMARY KEY,
    epoch     uuid NOT NULL DEFAULT gen_random_uuid(),        -- another one when numbers may be given out again: after a restore
    top_seq   bigint NOT NULL DEFAULT 0,                      -- the last number given out
    acked_seq bigint NOT NULL DEFAULT 0,                      -- the furthest that any of the user's devices has acknowledged
    CONSTRAINT user_streams_acked_was_told CHECK (acked_seq BETWEEN 0 AND top_seq)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- The notifications: a partition for each week, so that retention drops tables and deletes no rows, and a read that knows no time
-- looks into few of them. Never changed but for read_at.
CREATE TABLE notifications (
    user_id       text NOT NULL,
    seq           bigint NOT NULL,                            -- 1, 2, 3 ... of the user, without a gap
    id            uuid NOT NULL,                              -- UUIDv7, made by the service
    type          text NOT NULL,
    data          jsonb NOT NULL,
    generation_id uuid,                                       -- what it is about, if it is about one; that may be deleted
    read_at       timestamptz,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, seq, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX notifications_id ON notifications (id);
-- Where they go when nobody has made the partition of their week yet.
CREATE TABLE notifications_other PARTITION OF notifications DEFAULT;

-- Since when each end has its notification here: since this migration, and later since what retention has dropped. One row.
CREATE TABLE notifications_complete_since (
    since timestamptz NOT NULL
);
INSERT INTO notifications_complete_since VALUES (now());

-- Up to where each device of a user has acknowledged. Its name is the client's own.
CREATE TABLE subscriber_cursors (
    user_id    text NOT NULL,
    subscriber text NOT NULL,
    acked_seq  bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, subscriber)
) WITH (fillfactor = 70);
