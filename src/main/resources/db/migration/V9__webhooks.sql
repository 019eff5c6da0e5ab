-- Whom to tell elsewhere: endpoints of users, what is to be delivered to them, and every attempt to. New tables alone, which the version
-- before does not know: what it ends is delivered to nobody.

-- The endpoints. One that was deleted stays, hidden, until housekeeping has cleared away its deliveries.
CREATE TABLE webhooks (
    id              uuid PRIMARY KEY,                         -- UUIDv7, made by the service
    user_id         text NOT NULL,
    url             text NOT NULL,
    event_types     text[] NOT NULL,                          -- an asterisk is all there are, and all there will be
    format          text NOT NULL,
    description     text,
    secret          bytea NOT NULL,                           -- in the clear: it signs, so it has to be there
    previous_secret bytea,                                    -- signs as well, until previous_until
    previous_until  timestamptz,
    failing_since   timestamptz,                              -- the first failure since the last success
    disabled_at     timestamptz,
    disabled_reason text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    CONSTRAINT webhooks_format_known CHECK (format IN ('STANDARD', 'CLOUDEVENTS')),
    CONSTRAINT webhooks_disabled_has_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CONSTRAINT webhooks_previous_ends CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
CREATE INDEX webhooks_of_user ON webhooks (user_id, id) WHERE deleted_at IS NULL;
CREATE INDEX webhooks_deleted ON webhooks (id) WHERE deleted_at IS NOT NULL;

-- What signs the deliveries that a request asked for by itself, one for each user.
CREATE TABLE webhook_secrets (
    user_id         text PRIMARY KEY,
    secret          bytea NOT NULL,
    previous_secret bytea,
    previous_until  timestamptz,
    CONSTRAINT webhook_secrets_previous_ends CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);

-- Where the end of one generation is to be told, beside the endpoints. The transaction that ends it turns the row into a delivery.
CREATE TABLE generation_webhooks (
    generation_id uuid PRIMARY KEY,
    url           text NOT NULL
);

-- What is delivered: one row for each notification and endpoint. The body is what was and will be sent, byte by byte.
CREATE TABLE webhook_deliveries (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    position        bigint GENERATED ALWAYS AS IDENTITY,      -- the order of lists
    webhook_id      uuid REFERENCES webhooks (id),            -- null when a request named the URL
    url             text,                                     -- that URL; an endpoint's may change
    user_id         text NOT NULL,
    notification_id uuid NOT NULL,                            -- what receivers tell doubles by
    type            text NOT NULL,
    generation_id   uuid,
    format          text NOT NULL,
    body            bytea NOT NULL,
    status          text NOT NULL DEFAULT 'PENDING',
    attempts        integer NOT NULL DEFAULT 0,               -- that have ended
    redeliveries    integer NOT NULL DEFAULT 0,               -- how often somebody had it sent again after its end
    created_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    CONSTRAINT webhook_deliveries_once UNIQUE (webhook_id, notification_id),
    CONSTRAINT webhook_deliveries_somewhere CHECK ((webhook_id IS NULL) <> (url IS NULL)),
    CONSTRAINT webhook_deliveries_status_known CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED')),
    CONSTRAINT webhook_deliveries_ended_has_time CHECK ((status = 'PENDING') = (ended_at IS NULL))
) WITH (fillfactor = 85);
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (webhook_id, position);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);

-- One row for each attempt that ended. Nothing of what was answered but its status.
CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number      integer NOT NULL,                             -- 1, 2, 3 ... in the order in which they ended
    lease_token bigint NOT NULL,                              -- the claim that made the attempt
    node_id     uuid NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    outcome     text NOT NULL,
    http_status integer,                                      -- null when there was no answer
    error_code  text,
    retry_at    timestamptz,                                  -- when the next attempt is due; null when there is none
    PRIMARY KEY (delivery_id, number),
    CONSTRAINT webhook_attempts_once_per_claim UNIQUE (delivery_id, lease_token),
    CONSTRAINT webhook_attempts_outcome_known CHECK (outcome IN ('DELIVERED', 'FAILED', 'TIMEOUT', 'LOST', 'INTERRUPTED')),
    CONSTRAINT webhook_attempts_failure_has_error CHECK ((outcome = 'DELIVERED') = (error_code IS NULL))
);

-- A delivery may come to the queue several times, and no claim of a later time may have the token of an earlier: each stay begins with
-- a million tokens of its own.
CREATE SEQUENCE webhook_stays;

-- The queue: one narrow row for each delivery that is to be attempted, deleted when there is nothing left to attempt.
CREATE TABLE webhook_queue (
    delivery_id        uuid PRIMARY KEY REFERENCES webhook_deliveries (id),
    lane               uuid NOT NULL,                         -- those for one receiver: the endpoint, or made of user and host
    user_id            text NOT NULL,
    run_at             timestamptz NOT NULL DEFAULT now(),
    failures           integer NOT NULL DEFAULT 0,            -- of this stay: where in the schedule it is
    lease_owner        uuid,                                  -- the node at work on it; null while it waits
    lease_token        bigint NOT NULL DEFAULT nextval('webhook_stays') << 20,
    attempt_started_at timestamptz,
    attempt_deadline   timestamptz,
    CONSTRAINT webhook_queue_lease_whole CHECK (
        (lease_owner IS NULL) = (attempt_started_at IS NULL)
        AND (lease_owner IS NULL) = (attempt_deadline IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE INDEX webhook_queue_lanes ON webhook_queue (lane, run_at) WHERE lease_owner IS NULL;
CREATE INDEX webhook_queue_leased ON webhook_queue (lease_owner) WHERE lease_owner IS NOT NULL;
