WITH ended AS (
  DELETE FROM generation_queue WHERE generation_id = $1 AND lease_owner = $2 AND lease_token = $3
  RETURNING *),
generation AS (
  UPDATE generations g SET status = 'FAILED', completed_at = now(), updated_at = now(),
    failed_attempts = g.failed_attempts + 1,
    error_code = $4, error_class = $5, error_message = $6, error_retryable = $7
  FROM ended e WHERE g.id = e.generation_id AND g.status = 'PENDING'
  RETURNING g.id, g.user_id, g.failed_attempts, g.created_at),
attempt AS (
  INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, started_at,
    finished_at, outcome, counted, error_class, error_code, error_message, http_status)
  SELECT g.id, g.failed_attempts, e.lease_token, e.lease_owner, e.attempt_backend, e.attempt_started_at,
    now(), $8, $9, $10, $11, $12, $13
  FROM ended e JOIN generation g ON g.id = e.generation_id)
SELECT id, user_id, (extract(epoch FROM now() - created_at) * 1000)::bigint AS age FROM generation
