-- Expands only, and locks one table, see V2.

-- How much work each process takes and how fast, as it has measured; together they tell how long the queue will take.
ALTER TABLE nodes
    ADD COLUMN concurrency integer NOT NULL DEFAULT 0,        -- AI calls at once; 0 when it makes none, or none now
    ADD COLUMN attempt_ms  bigint;                            -- how long its attempts take; null until it has seen some end
