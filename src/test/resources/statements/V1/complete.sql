WITH ended AS (
  DELETE FROM generation_queue WHERE generation_id = $1 AND lease_owner = $2 AND lease_token = $3
  RETURNING *),
generation AS (
  UPDATE generations g SET status = 'COMPLETE', completed_at = now(), updated_at = now()
  FROM ended e WHERE g.id = e.generation_id AND g.status = 'PENDING'
  RETURNING g.id, g.user_id, g.failed_attempts, g.created_at),
attempt AS (
  INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, started_at,
    finished_at, outcome, counted)
  SELECT g.id, g.failed_attempts + 1, e.lease_token, e.lease_owner, e.attempt_backend, e.attempt_started_at,
    now(), 'SUCCEEDED', true
  FROM ended e JOIN generation g ON g.id = e.generation_id),
pictures AS (
  INSERT INTO images (id, generation_id, position, content_type, width, height, bytes, sha256, storage_key)
  SELECT p.id, g.id, p.position - 1, p.content_type, p.width, p.height, p.bytes, p.sha256, p.storage_key
  FROM generation g, unnest($4::uuid[], $5::text[], $6::int[], $7::int[], $8::bigint[], $9::text[], $10::text[])
    WITH ORDINALITY AS p (id, content_type, width, height, bytes, sha256, storage_key, position))
SELECT id, user_id, (extract(epoch FROM now() - created_at) * 1000)::bigint AS age FROM generation
