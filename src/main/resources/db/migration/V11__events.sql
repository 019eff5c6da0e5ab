-- Events for a broker: an outbox, written in the transaction that stores a notification, and who publishes it.

CREATE TABLE event_publication (
    name         text PRIMARY KEY,                            -- of the broker: kafka
    active_until timestamptz NOT NULL,                        -- until then, each notification is added to the outbox
    publisher    uuid                                         -- the node that publishes; null while there is none
) WITH (fillfactor = 70);
COMMENT ON TABLE event_publication IS
    'One row after the first process with a broker. No foreign key to nodes: the lease of a deleted node is free.';

CREATE TABLE event_outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- ascending within a user, in the order of the notifications
    user_id    text NOT NULL,
    event      text NOT NULL,                                 -- a CloudEvent in JSON, published as it is
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE event_outbox IS
    'One row per event that the broker has not confirmed. Contains the complete event, so that retention of notifications loses none.';
CREATE INDEX event_outbox_of_user ON event_outbox (user_id);
