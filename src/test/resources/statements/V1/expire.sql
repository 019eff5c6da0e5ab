WITH ended AS (
  DELETE FROM generation_queue WHERE generation_id = $1 AND lease_owner IS NULL AND deadline <= now()
  RETURNING generation_id),
last_failure AS (
  SELECT error_class FROM generation_attempts WHERE generation_id = $1 ORDER BY number DESC LIMIT 1)
UPDATE generations g SET status = 'FAILED', completed_at = now(), updated_at = now(), error_code = $2,
  error_class = coalesce((SELECT error_class FROM last_failure), 'NOT_SENT'), error_message = $3,
  error_retryable = $4
FROM ended e WHERE g.id = e.generation_id AND g.status = 'PENDING'
RETURNING g.id, g.user_id, (extract(epoch FROM now() - g.created_at) * 1000)::bigint AS age
