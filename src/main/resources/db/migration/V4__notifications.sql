-- Notifications of users, their sequence numbers and the acknowledgements of their devices.

CREATE TABLE user_streams (
    user_id   text PRIMARY KEY,
    epoch     uuid NOT NULL DEFAULT gen_random_uuid(),        -- changes when numbers may repeat: after a restore
    last_seq  bigint NOT NULL DEFAULT 0,                      -- the last assigned sequence number
    acked_seq bigint NOT NULL DEFAULT 0,                      -- the highest number that any device of the user acknowledged
    CONSTRAINT user_streams_acked_in_range CHECK (acked_seq BETWEEN 0 AND last_seq)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE user_streams IS
    'One row per user with notifications or a stream. Its row lock serializes sequence numbers: a reader of n sees all numbers up to n.';

CREATE TABLE notifications (
    user_id       text NOT NULL,
    seq           bigint NOT NULL,                            -- 1, 2, 3 ... per user, without gaps
    id            uuid NOT NULL,                              -- UUIDv7 of the service, with seq in its last 32 bits
    type          text NOT NULL,
    data          json NOT NULL,                              -- without generationId, which readers add from generation_id
    generation_id uuid,                                       -- its subject, if it has one; that may be deleted
    read_at       timestamptz,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, seq, created_at)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE notifications IS
    'Notifications in weekly partitions, so retention drops tables and deletes no rows. Only read_at is ever updated.';
-- Receives rows whose weekly partition does not exist yet.
CREATE TABLE notifications_default PARTITION OF notifications DEFAULT;

CREATE TABLE notification_history_start (
    started_at timestamptz NOT NULL
);
INSERT INTO notification_history_start VALUES (now());
COMMENT ON TABLE notification_history_start IS
    'One row: every generation that finished after this time has its notification. Retention moves the time forward.';

CREATE TABLE subscriber_cursors (
    user_id    text NOT NULL,
    subscriber text NOT NULL,
    acked_seq  bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, subscriber)
) WITH (fillfactor = 70);
COMMENT ON TABLE subscriber_cursors IS 'The last acknowledged number of each device of a user. Clients choose the device name.';
