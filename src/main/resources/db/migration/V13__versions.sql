-- Which versions of the service may run on these tables.

ALTER TABLE installation ADD COLUMN minimum_version text;     -- lowest version that starts on these tables; null for any

-- Called first by each migration that removes what an earlier version uses. Safe under concurrency: Flyway runs one migration at a time,
-- and a process of an earlier version that starts later reads minimum_version.
CREATE FUNCTION require_version(minimum text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number CONSTANT text := '^(\d+)\.(\d+)\.(\d+)';           -- without a suffix such as -SNAPSHOT; development builds have none
    older text;
BEGIN
    SELECT string_agg(DISTINCT version, ', ') INTO older FROM nodes
    WHERE expires_at > now() AND regexp_match(version, number)::int[] < regexp_match(minimum, number)::int[];
    IF older IS NOT NULL THEN
        RAISE EXCEPTION 'processes of version % are running; first upgrade all processes to version %', older, minimum;
    END IF;
    UPDATE installation SET minimum_version = minimum;
END $$;
