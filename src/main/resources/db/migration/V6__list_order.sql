-- For a user's list. While it is built nothing can be written to the table, about a second for a million generations: who has many
-- more builds it before the upgrade, concurrently, under this name (docs/operations.md), and then nothing is left to do here.
-- Alone, so that it locks one table.
CREATE INDEX IF NOT EXISTS generations_of_user ON generations (user_id, created_at, id);
