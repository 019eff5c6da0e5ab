SELECT generation_id FROM generation_queue WHERE deadline <= now() AND lease_owner IS NULL
ORDER BY deadline LIMIT $1
