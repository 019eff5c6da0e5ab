-- Contract: version 0.2.0 no longer uses the old column.
SELECT require_version('0.2.0');
DROP TRIGGER copy_excluded_prompt ON generations;
DROP FUNCTION copy_excluded_prompt();
ALTER TABLE generations DROP COLUMN negative_prompt;
