-- Expand: the rows that existed before the trigger. A transaction of its own, so that it holds no lock on the table.
UPDATE generations SET excluded_prompt = negative_prompt WHERE negative_prompt IS NOT NULL AND excluded_prompt IS NULL;
