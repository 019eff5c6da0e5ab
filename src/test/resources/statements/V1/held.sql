SELECT generation_id, lease_owner, lease_token FROM generation_queue
WHERE lease_owner = $1 AND attempt_started_at < now() - $2::bigint * interval '1 millisecond'
