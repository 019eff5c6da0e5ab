SELECT outcome FROM generation_attempts WHERE generation_id = $1 AND lease_token = $2
