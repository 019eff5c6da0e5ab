package dev.darkroom.benchmark;

import java.util.List;
import java.util.Map;

/**
 * A queue of jobs in PostgreSQL that does the work of generations.
 *
 * @param name for people
 * @param command starts one process of it
 * @param environment of that process
 * @param readyLine what the process says once it is ready
 * @param insertJobsSql SQL that gives it the jobs from {@code %1$d} to {@code %2$d} in one transaction
 * @param countUnfinishedSql SQL that tells how many jobs have not ended
 * @param finishTimesSql SQL that tells when each job ended, in seconds, the earliest first; only those of which all was recorded
 */
record JobQueueContender(
        String name,
        List<String> command,
        Map<String, String> environment,
        String readyLine,
        String insertJobsSql,
        String countUnfinishedSql,
        String finishTimesSql) {

    /** Where a peer records a job. */
    static final String PEER_RESULTS = """
            CREATE TABLE peer_results (
              job int PRIMARY KEY, bytes int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
            GRANT ALL ON peer_results TO darkroom;""";

    private static final String PEER_ENDED =
            "SELECT extract(epoch FROM at) FROM peer_results WHERE bytes > 0 ORDER BY at";

    static JobQueueContender ofDarkroom(List<String> command, Map<String, String> environment) {
        return new JobQueueContender(
                "Darkroom", command, environment, "Try it", """
                INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)
                SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user ' || n %% 100, 'a lighthouse',
                  64, 64, 1, 7
                FROM generate_series(%1$d, %2$d) n;
                INSERT INTO generation_queue (generation_id, user_id, route, deadline, turn)
                SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user ' || n %% 100, 'default',
                  now() + interval '1 hour', n / 100
                FROM generate_series(%1$d, %2$d) n""", "SELECT count(*) FROM generation_queue", """
                SELECT extract(epoch FROM g.completed_at)
                FROM generations g
                  JOIN generation_attempts a ON a.generation_id = g.id AND a.outcome = 'SUCCEEDED'
                  JOIN images i ON i.generation_id = g.id
                WHERE g.status = 'COMPLETE' ORDER BY 1""");
    }

    static JobQueueContender ofDbScheduler(String name, List<String> command, Map<String, String> environment) {
        String fill = "INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version)"
                + " SELECT 'generate', n, now(), false, 1 FROM generate_series(%1$d, %2$d) n";
        return createPeer(name, command, environment, fill, "scheduled_tasks");
    }

    static JobQueueContender ofGraphile(String name, List<String> command, Map<String, String> environment) {
        String fill = "SELECT graphile_worker.add_job('generate', json_build_object('job', n))"
                + " FROM generate_series(%1$d, %2$d) n";
        return createPeer(name, command, environment, fill, "graphile_worker._private_jobs");
    }

    private static JobQueueContender createPeer(
            String name, List<String> command, Map<String, String> environment, String fill, String queue) {
        return new JobQueueContender(
                name, command, environment, "ready", fill, "SELECT count(*) FROM " + queue, PEER_ENDED);
    }
}
