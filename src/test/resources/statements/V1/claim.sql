WITH picked AS MATERIALIZED (
  SELECT generation_id FROM generation_queue
  WHERE route = $2 AND lease_owner IS NULL AND run_at <= now() AND deadline > now()
    AND EXISTS (SELECT 1 FROM nodes n WHERE n.id = $1 AND n.expires_at > now() AND NOT n.draining)
  ORDER BY priority, run_at, generation_id LIMIT $3
  FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE generation_queue q SET lease_owner = $1, lease_token = q.lease_token + 1, attempt_backend = $4,
    attempt_started_at = now(),
    attempt_deadline = least(now() + $5::bigint * interval '1 millisecond', q.deadline)
  FROM picked p WHERE q.generation_id = p.generation_id AND q.lease_owner IS NULL
  RETURNING q.*)
SELECT c.generation_id, c.user_id, c.lease_owner, c.lease_token, c.counted_failures, c.lost_attempts,
  (extract(epoch FROM c.attempt_deadline - now()) * 1000)::bigint AS attempt_budget,
  (extract(epoch FROM c.deadline - now()) * 1000)::bigint AS time_left,
  g.failed_attempts, g.prompt, g.negative_prompt, g.width, g.height, g.image_count, g.seed, g.model
FROM claimed c JOIN generations g ON g.id = c.generation_id
ORDER BY c.priority, c.run_at, c.generation_id
