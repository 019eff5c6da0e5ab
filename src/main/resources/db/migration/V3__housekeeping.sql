-- Housekeeping may delete the attempts of a generation that has ended, and keeps the generation: failed_attempts stays as
-- it was, and a row here says why its attempts are not there any more. No column of generations: processes of the version
-- before read all of its columns, and a new one would fail their statements once.
CREATE TABLE deleted_attempts (
    generation_id uuid PRIMARY KEY REFERENCES generations (id)
);
