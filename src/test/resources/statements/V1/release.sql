UPDATE generation_queue SET lease_owner = NULL, attempt_started_at = NULL, attempt_deadline = NULL,
  attempt_backend = NULL
WHERE generation_id = $1 AND lease_owner = $2 AND lease_token = $3
RETURNING generation_id
