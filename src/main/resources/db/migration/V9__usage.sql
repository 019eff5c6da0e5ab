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

CREATE TABLE budgets (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope           text NOT NULL CHECK (scope IN ('USER', 'BACKEND')),
    owner           text NOT NULL,                            -- name of the user or of the backend
    period          text NOT NULL CHECK (period IN ('DAY', 'MONTH')),
    starts_on       date NOT NULL,                            -- in UTC
    spent_micros    bigint NOT NULL DEFAULT 0,                -- costs of ended submissions
    reserved_micros bigint NOT NULL DEFAULT 0,                -- expected costs of running ones: the sum of their attempt_cost
    CONSTRAINT budgets_once_per_period UNIQUE (scope, owner, period, starts_on)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE budgets IS
    'Spent and reserved amounts of budgets, one row per period with a submission. Limits are settings. Without budgets the table is empty.';
