-- Expands only: a new table, which the version before does not know and does not need.

-- What tells this database from others, also after it was dumped and restored: the image directory names it. One row.
CREATE TABLE installation (
    id       uuid NOT NULL DEFAULT gen_random_uuid(),
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO installation DEFAULT VALUES;
