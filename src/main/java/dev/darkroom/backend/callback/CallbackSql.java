package dev.darkroom.backend.callback;

/** SQL of callback jobs. The row of a job exists before the AI server knows the job, so a report without a row is for a closed job. */
final class CallbackSql {
    /**
     * Inserts the job of a submission, or opens it again when a look-up found that no result of it will come. Returns the deadline by the
     * clock of the database; no row when the job has a result.
     */
    static final String OPEN_JOB = """
            INSERT INTO callback_jobs AS j (job_key, generation_id, deadline)
            VALUES ($1, $2, now() + $3::bigint * interval '1 millisecond')
            ON CONFLICT (job_key) DO UPDATE SET deadline = EXCLUDED.deadline, percent = NULL
              WHERE j.result_sha256 IS NULL
            RETURNING deadline""";

    static final String DELETE_JOB = "DELETE FROM callback_jobs WHERE job_key = $1";

    /** Deletes a job without a result. The row lock of a concurrent report decides which comes first. */
    static final String DELETE_UNREPORTED_JOB =
            "DELETE FROM callback_jobs WHERE job_key = $1 AND result_sha256 IS NULL RETURNING 1";

    /**
     * Jobs that still accept reports: the deadline has not passed, it is that of the token in $3, which an earlier submission of the same
     * job does not have, and the generation is unfinished.
     */
    private static final String IS_OPEN = """
            j.deadline > now() AND floor(extract(epoch FROM j.deadline))::bigint + 60 = $3::bigint
              AND EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = j.generation_id)""";

    /**
     * Stores the first final report of an open job. The row lock lets concurrent reports wait, so exactly one is the first. Returns no
     * row for an unknown job; {@code repeated} is null when the job has no result.
     */
    static final String STORE_RESULT = """
            WITH job AS (
              SELECT j.job_key, j.result_sha256, %s AS open FROM callback_jobs j WHERE j.job_key = $1 FOR UPDATE OF j),
            stored AS (
              UPDATE callback_jobs j SET result = $2, result_sha256 = sha256($2::bytea) FROM job
              WHERE j.job_key = job.job_key AND job.result_sha256 IS NULL AND job.open RETURNING 1)
            SELECT EXISTS (SELECT FROM stored) AS stored, job.result_sha256 = sha256($2::bytea) AS repeated FROM job""".formatted(IS_OPEN);

    /**
     * Stores the progress of an open job without a result. Returns no row for an unknown or closed job. A job with a result ignores
     * progress, which may arrive late.
     */
    static final String STORE_PROGRESS = """
            UPDATE callback_jobs j SET percent = CASE WHEN j.result_sha256 IS NULL THEN $2::smallint ELSE j.percent END
            WHERE j.job_key = $1 AND (j.result_sha256 IS NOT NULL OR %s) RETURNING 1""".formatted(IS_OPEN);

    /** Returns the status of jobs. */
    static final String FIND_JOBS = """
            SELECT job_key, percent, octet_length(result) AS result_bytes, deadline <= now() AS expired
            FROM callback_jobs WHERE job_key = ANY ($1::uuid[])""";

    static final String READ_RESULT = "SELECT result FROM callback_jobs WHERE job_key = $1";

    private CallbackSql() {}
}
