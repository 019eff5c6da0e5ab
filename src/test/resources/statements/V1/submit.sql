WITH accepted AS (
  INSERT INTO generations
    (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  RETURNING *),
queued AS (
  INSERT INTO generation_queue (generation_id, user_id, route, deadline)
  SELECT id, user_id, $11, created_at + $12::bigint * interval '1 millisecond' FROM accepted)
SELECT accepted.*, NULL::timestamptz AS attempt_started_at, NULL::text AS attempt_backend,
  NULL::json AS attempts, NULL::json AS images
FROM accepted
