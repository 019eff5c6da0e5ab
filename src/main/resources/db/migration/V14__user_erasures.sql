-- Expands only: a new table, and an index on one that exists, which the version before does not know and does not need.

-- Erasures of users that are not finished. A row is deleted with the last of its user's data, so that no trace of them remains.
CREATE TABLE user_erasures (
    user_id      text PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_deliveries_of_user ON webhook_deliveries (user_id);
