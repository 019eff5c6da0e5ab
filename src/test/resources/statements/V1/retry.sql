WITH held AS (
  SELECT * FROM generation_queue WHERE generation_id = $1 AND lease_owner = $2 AND lease_token = $3
  FOR UPDATE),
requeued AS (
  UPDATE generation_queue q SET lease_owner = NULL, attempt_started_at = NULL, attempt_deadline = NULL,
    attempt_backend = NULL, run_at = now() + $4::bigint * interval '1 millisecond',
    counted_failures = q.counted_failures + $5, lost_attempts = q.lost_attempts + $6
  FROM held h WHERE q.generation_id = h.generation_id
  RETURNING q.run_at),
generation AS (
  UPDATE generations g SET failed_attempts = g.failed_attempts + 1, updated_at = now()
  FROM held h WHERE g.id = h.generation_id
  RETURNING g.id, g.failed_attempts)
INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, started_at,
  finished_at, outcome, counted, error_class, error_code, error_message, http_status, retry_at)
SELECT g.id, g.failed_attempts, h.lease_token, h.lease_owner, h.attempt_backend, h.attempt_started_at,
  now(), $7, $8, $9, $10, $11, $12, r.run_at
FROM held h, generation g, requeued r
RETURNING number, retry_at
