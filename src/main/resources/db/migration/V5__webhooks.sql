-- Webhook endpoints, their deliveries and every attempt. Deliveries have a queue of their own, claimed like generations.

CREATE TABLE webhooks (
    id                         uuid PRIMARY KEY,              -- UUIDv7, created by the service
    user_id                    text NOT NULL,
    url                        text NOT NULL,
    event_types                text[] NOT NULL,               -- an asterisk subscribes to all present and future types
    format                     text NOT NULL,
    description                text,
    secret                     bytea NOT NULL,                -- in clear text, because it signs
    previous_secret            bytea,                         -- signs too, until previous_secret_expires_at
    previous_secret_expires_at timestamptz,
    failing_since              timestamptz,                   -- the first failure since the last success
    disabled_at                timestamptz,
    disabled_reason            text,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    deleted_at                 timestamptz,
    CONSTRAINT webhooks_format_known CHECK (format IN ('STANDARD', 'CLOUDEVENTS')),
    CONSTRAINT webhooks_disabled_has_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CONSTRAINT webhooks_previous_secret_has_expiry CHECK ((previous_secret IS NULL) = (previous_secret_expires_at IS NULL))
);
COMMENT ON TABLE webhooks IS 'Webhook endpoints. A deleted one stays, hidden, until retention has deleted its deliveries.';
CREATE INDEX webhooks_of_user ON webhooks (user_id, id) WHERE deleted_at IS NULL;
CREATE INDEX webhooks_deleted ON webhooks (id) WHERE deleted_at IS NOT NULL;

CREATE TABLE user_webhook_secrets (
    user_id                    text PRIMARY KEY,
    secret                     bytea NOT NULL,
    previous_secret            bytea,
    previous_secret_expires_at timestamptz,
    CONSTRAINT user_webhook_secrets_previous_secret_has_expiry CHECK (
        (previous_secret IS NULL) = (previous_secret_expires_at IS NULL))
);
COMMENT ON TABLE user_webhook_secrets IS 'The secret of each user that signs deliveries to the webhookUrl of a single request.';

CREATE TABLE generation_webhook_urls (
    generation_id uuid PRIMARY KEY,
    url           text NOT NULL,
    format        text NOT NULL DEFAULT 'STANDARD',
    CONSTRAINT generation_webhook_urls_format_known CHECK (format IN ('STANDARD', 'PREDICTION'))
);
COMMENT ON TABLE generation_webhook_urls IS
    'The webhookUrl of a request. The transaction that finishes the generation turns the row into a delivery.';

CREATE TABLE webhook_deliveries (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    position        bigint GENERATED ALWAYS AS IDENTITY,      -- the order of lists
    webhook_id      uuid REFERENCES webhooks (id),            -- null for the webhookUrl of a request
    url             text,                                     -- that URL; null for an endpoint, whose URL may change
    user_id         text NOT NULL,
    notification_id uuid NOT NULL,                            -- receivers detect duplicates by it
    type            text NOT NULL,
    generation_id   uuid,
    format          text NOT NULL,
    body            bytea NOT NULL,
    status          text NOT NULL DEFAULT 'PENDING',
    attempts        integer NOT NULL DEFAULT 0,               -- finished attempts
    redeliveries    integer NOT NULL DEFAULT 0,               -- requested repetitions after the delivery had finished
    created_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    CONSTRAINT webhook_deliveries_once UNIQUE (webhook_id, notification_id),
    CONSTRAINT webhook_deliveries_webhook_or_url CHECK ((webhook_id IS NULL) <> (url IS NULL)),
    CONSTRAINT webhook_deliveries_status_known CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED')),
    CONSTRAINT webhook_deliveries_ended_has_time CHECK ((status = 'PENDING') = (ended_at IS NULL))
) WITH (fillfactor = 85);
COMMENT ON TABLE webhook_deliveries IS 'One row per notification and endpoint. The body is stored as sent, byte by byte.';
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (webhook_id, position);
CREATE INDEX webhook_deliveries_created_at ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_of_user ON webhook_deliveries (user_id);

-- A delivery may be enqueued several times, and no claim may reuse a token: each time it starts a range of a million tokens.
CREATE SEQUENCE webhook_lease_token_ranges;

CREATE TABLE webhook_queue (
    delivery_id          uuid PRIMARY KEY REFERENCES webhook_deliveries (id),
    partition_key        uuid NOT NULL,                       -- one per receiver: the endpoint, or derived from user and host
    user_id              text NOT NULL,
    run_at               timestamptz NOT NULL DEFAULT now(),
    failures             integer NOT NULL DEFAULT 0,          -- since it was enqueued: its position in the retry schedule
    lease_owner          uuid,                                -- the node that runs the attempt; null while it waits
    lease_token          bigint NOT NULL DEFAULT nextval('webhook_lease_token_ranges') << 20,
    attempt_started_at   timestamptz,
    attempt_deadline     timestamptz,
    CONSTRAINT webhook_queue_lease_complete CHECK (
        (lease_owner IS NULL) = (attempt_started_at IS NULL)
        AND (lease_owner IS NULL) = (attempt_deadline IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE webhook_queue IS 'One narrow row per delivery with attempts left, deleted when none are left.';
CREATE INDEX webhook_queue_partitions ON webhook_queue (partition_key, run_at) WHERE lease_owner IS NULL;
CREATE INDEX webhook_queue_leased ON webhook_queue (lease_owner) WHERE lease_owner IS NOT NULL;

CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number      integer NOT NULL,                             -- 1, 2, 3 ... in the order in which they finished
    lease_token bigint NOT NULL,                              -- the claim that made the attempt
    node_id     uuid NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    outcome     text NOT NULL,
    http_status integer,                                      -- null when there was no response
    error_code  text,
    retry_at    timestamptz,                                  -- due time of the next attempt; null when there is none
    PRIMARY KEY (delivery_id, number),
    CONSTRAINT webhook_attempts_once_per_claim UNIQUE (delivery_id, lease_token),
    CONSTRAINT webhook_attempts_outcome_known CHECK (outcome IN ('DELIVERED', 'FAILED', 'TIMEOUT', 'LOST', 'INTERRUPTED')),
    CONSTRAINT webhook_attempts_failure_has_error CHECK ((outcome = 'DELIVERED') = (error_code IS NULL))
);
COMMENT ON TABLE webhook_attempts IS 'One row per finished attempt. Of the response it stores the status only.';
