package dev.darkroom.benchmark;

import java.util.List;
import java.util.Map;

/**
 * PostgreSQL job queue that does the work of generations in {@link LifecycleBenchmark}.
 *
 * @param name for the report
 * @param command starts one worker process
 * @param environment of the process
 * @param readyLine text in the output of a ready process
 * @param insertJobsSql SQL that inserts the jobs from {@code %1$d} to {@code %2$d} in one transaction
 * @param countUnfinishedSql SQL that counts unfinished jobs
 * @param finishTimesSql SQL that selects the finish time of each job with complete records, in seconds, the earliest first
 */
record JobQueueContender(
        String name,
        List<String> command,
        Map<String, String> environment,
        String readyLine,
        String insertJobsSql,
        String countUnfinishedSql,
        String finishTimesSql) {

    /** Creates the table for the results of peers. */
    static final String PEER_RESULTS = """
            CREATE TABLE peer_results (
              job int PRIMARY KEY, bytes int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
            GRANT ALL ON peer_results TO darkroom;""";

    private static final String PEER_FINISH_TIMES =
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
        String insertJobs = "INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version)"
                + " SELECT 'generate', n, now(), false, 1 FROM generate_series(%1$d, %2$d) n";
        return createPeer(name, command, environment, insertJobs, "scheduled_tasks");
    }

    static JobQueueContender ofGraphile(String name, List<String> command, Map<String, String> environment) {
        String insertJobs = "SELECT graphile_worker.add_job('generate', json_build_object('job', n))"
                + " FROM generate_series(%1$d, %2$d) n";
        return createPeer(name, command, environment, insertJobs, "graphile_worker._private_jobs");
    }

    private static JobQueueContender createPeer(
            String name, List<String> command, Map<String, String> environment, String insertJobs, String queue) {
        return new JobQueueContender(
                name, command, environment, "ready", insertJobs, "SELECT count(*) FROM " + queue, PEER_FINISH_TIMES);
    }
}
