-- Usage of deleted attempts. That of attempts that exist is computed from them.

CREATE TABLE usage_days (
    user_id         text NOT NULL,                            -- empty for erased users
    day             date NOT NULL,                            -- in UTC, on which the attempts started
    model           text NOT NULL,                            -- of the requests; empty for requests without one
    backend         text NOT NULL,
    attempts        bigint NOT NULL,
    submissions     bigint NOT NULL,
    billable        bigint NOT NULL,                          -- submissions that the backend may bill
    successes       bigint NOT NULL,
    images          bigint NOT NULL,
    cost_micros     bigint NOT NULL,
    reported_micros bigint NOT NULL,                          -- the part of cost_micros that backends reported
    PRIMARY KEY (user_id, day, model, backend)
);
COMMENT ON TABLE usage_days IS
    'Sums of deleted attempts. The transaction that deletes attempts adds them, so that both together always have all attempts.';
CREATE INDEX usage_days_of_day ON usage_days (day);
