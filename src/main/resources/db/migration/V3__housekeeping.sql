-- Housekeeping may delete the attempts of a generation that has ended, and keeps the generation: failed_attempts stays as
-- it was, and this says why there are no rows any more. Constant default: no row is rewritten.
ALTER TABLE generations ADD COLUMN attempts_deleted boolean NOT NULL DEFAULT false;
