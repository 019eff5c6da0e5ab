SELECT q.generation_id, q.user_id, q.lease_owner, q.lease_token, q.counted_failures, q.lost_attempts,
  n.id IS NOT NULL AS owner_alive,
  (extract(epoch FROM q.deadline - now()) * 1000)::bigint AS time_left, g.failed_attempts
FROM generation_queue q JOIN generations g ON g.id = q.generation_id
  LEFT JOIN nodes n ON n.id = q.lease_owner AND n.expires_at > now()
WHERE q.lease_owner IS NOT NULL
  AND (n.id IS NULL OR q.attempt_deadline < now() - $1::bigint * interval '1 millisecond')
ORDER BY q.attempt_deadline LIMIT $2
