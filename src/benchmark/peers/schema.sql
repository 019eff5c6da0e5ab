-- One row per generation, for all peers. A job updates the row with its attempt and its outcome. The fill factor lets PostgreSQL
-- update a row without new index entries.
CREATE TABLE peer_generations (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  user_id text NOT NULL,
  prompt text NOT NULL,
  negative_prompt text,
  width int NOT NULL,
  height int NOT NULL,
  image_count int NOT NULL,
  seed bigint,
  model text,
  metadata jsonb,
  status text NOT NULL DEFAULT 'PENDING',
  attempts int NOT NULL DEFAULT 0,
  attempt_started_at timestamptz,
  error text,
  image text,
  image_bytes int,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
) WITH (fillfactor = 85);
GRANT ALL ON peer_generations TO darkroom;

-- The same for the NestJS service. It has no separate queue.
CREATE TABLE nest_generations (LIKE peer_generations INCLUDING ALL) WITH (fillfactor = 85);
CREATE INDEX nest_generations_pending ON nest_generations (created_at) WHERE status = 'PENDING';
GRANT ALL ON nest_generations TO darkroom;
