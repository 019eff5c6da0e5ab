-- The tasks of each process.

ALTER TABLE nodes ADD COLUMN roles text[]; -- of node.roles; null in rows of versions without roles, whose processes have all
