SELECT g.*, q.attempt_started_at, q.attempt_backend,
  (SELECT json_agg(a ORDER BY a.number) FROM generation_attempts a WHERE a.generation_id = g.id) AS attempts,
  (SELECT json_agg(i ORDER BY i.position) FROM images i WHERE i.generation_id = g.id) AS images
FROM generations g LEFT JOIN generation_queue q ON q.generation_id = g.id
WHERE g.id = $1 AND g.user_id = $2
