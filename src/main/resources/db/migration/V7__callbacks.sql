-- Results that AI servers with the callback protocol report.

CREATE TABLE callback_jobs (
    job_key       uuid PRIMARY KEY,                           -- our key of the submission
    generation_id uuid NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    deadline      timestamptz NOT NULL,                       -- until then a report is accepted
    percent       smallint CHECK (percent BETWEEN 0 AND 100), -- last reported progress
    result        bytea,                                      -- the final report as received, with inline images
    result_sha256 bytea,                                      -- recognizes a repeated report
    CONSTRAINT callback_jobs_result_complete CHECK ((result IS NULL) = (result_sha256 IS NULL))
);
-- Inline images are base64 of compressed bytes.
ALTER TABLE callback_jobs ALTER COLUMN result SET STORAGE EXTERNAL;
COMMENT ON TABLE callback_jobs IS
    'Submissions to AI servers that report the result later. Inserted before the submission; the first final report wins. Retention deletes expired rows.';
CREATE INDEX callback_jobs_of_generation ON callback_jobs (generation_id);
CREATE INDEX callback_jobs_deadline ON callback_jobs (deadline);
