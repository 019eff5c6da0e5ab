package dev.darkroom.benchmark;

import java.util.List;
import java.util.Map;

/**
 * Service that does the work of generations in {@link LifecycleBenchmark}.
 *
 * @param name for the report
 * @param command starts the service
 * @param environment of the process
 * @param readyLine text in the output of a ready process
 * @param portPattern regular expression of the port in the output
 * @param tables emptied before and after each round
 * @param insertJobsSql SQL that inserts the jobs from {@code %1$d} to {@code %2$d} in one transaction
 * @param findUnfinishedSql SQL that selects a row while there are unfinished jobs
 * @param finishTimesSql SQL that selects the finish time of each job with complete records, in seconds, the earliest first
 */
record JobQueueContender(
        String name,
        SystemRole role,
        List<String> command,
        Map<String, String> environment,
        String readyLine,
        String portPattern,
        String tables,
        String insertJobsSql,
        String findUnfinishedSql,
        String finishTimesSql) {

    private static final String ID = "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
    private static final String NUMBERS = " FROM generate_series(%1$d, %2$d) n";
    private static final String ROWS = " (id, user_id, prompt, width, height, image_count, seed) SELECT " + ID
            + ", 'user ' || n %% 100, 'a lighthouse', 64, 64, 1, 7" + NUMBERS + ";";

    static JobQueueContender ofDarkroom(List<String> command, Map<String, String> environment) {
        return new JobQueueContender(
                "Darkroom",
                SystemRole.DARKROOM,
                command,
                environment,
                "Try it",
                DarkroomProcess.PORT,
                ApiBenchmarkDatabase.TABLES,
                "INSERT INTO generations" + ROWS
                        + "INSERT INTO generation_queue (generation_id, user_id, route, deadline, turn) SELECT " + ID
                        + ", 'user ' || n %% 100, 'default', now() + interval '1 hour', n / 100" + NUMBERS,
                "SELECT 1 FROM generation_queue LIMIT 1",
                """
                SELECT extract(epoch FROM g.completed_at)
                FROM generations g
                  JOIN generation_attempts a ON a.generation_id = g.id AND a.outcome = 'SUCCEEDED'
                  JOIN images i ON i.generation_id = g.id
                WHERE g.status = 'COMPLETE' ORDER BY 1""");
    }

    static JobQueueContender ofNest(Map<String, String> environment) {
        return new JobQueueContender(
                "NestJS",
                SystemRole.PEER,
                Peers.nestCommand(),
                environment,
                Peers.READY,
                Peers.PORT,
                "nest_generations",
                "INSERT INTO nest_generations" + ROWS,
                "SELECT 1 FROM nest_generations WHERE status <> 'COMPLETE' LIMIT 1",
                finishTimes("nest_generations"));
    }

    static JobQueueContender ofDbScheduler(Map<String, String> environment) {
        return ofQueue(
                "db-scheduler",
                SystemRole.PEER,
                Peers.dbSchedulerCommand(),
                environment,
                "scheduled_tasks",
                "INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version)"
                        + " SELECT 'generate', " + ID + ", now(), false, 1" + NUMBERS,
                "");
    }

    static JobQueueContender ofGraphile(String name, SystemRole role, Map<String, String> environment) {
        return ofQueue(
                name,
                role,
                Peers.nodeCommand("graphile.mjs"),
                environment,
                "graphile_worker._private_jobs",
                "SELECT graphile_worker.add_job('generate', json_build_object('id', " + ID + "))" + NUMBERS,
                "");
    }

    static JobQueueContender ofPgBoss(String name, SystemRole role, Map<String, String> environment) {
        return ofQueue(
                name,
                role,
                Peers.nodeCommand("pgboss.mjs"),
                environment,
                "pgboss.job",
                "INSERT INTO pgboss.job (name, data) SELECT 'generate', jsonb_build_object('id', " + ID + ")" + NUMBERS,
                " WHERE state <> 'completed'");
    }

    static JobQueueContender ofRiver(String name, SystemRole role, Map<String, String> environment) {
        return ofQueue(
                name,
                role,
                Peers.riverCommand(),
                environment,
                "river_job",
                "INSERT INTO river_job (kind, args, max_attempts) SELECT 'generate', jsonb_build_object('id', " + ID
                        + "), 25" + NUMBERS,
                " WHERE state <> 'completed'");
    }

    /** @param condition of unfinished jobs in {@code queue}; empty when finished jobs are deleted */
    private static JobQueueContender ofQueue(
            String name,
            SystemRole role,
            List<String> command,
            Map<String, String> environment,
            String queue,
            String insertJobs,
            String condition) {
        return new JobQueueContender(
                name,
                role,
                command,
                environment,
                Peers.READY,
                Peers.PORT,
                "peer_generations, " + queue,
                "INSERT INTO peer_generations" + ROWS + insertJobs,
                "SELECT 1 FROM " + queue + condition + " LIMIT 1",
                finishTimes("peer_generations"));
    }

    private static String finishTimes(String table) {
        return "SELECT extract(epoch FROM completed_at) FROM " + table
                + " WHERE status = 'COMPLETE' AND attempts > 0 AND attempt_started_at IS NOT NULL AND image_bytes > 0 ORDER BY 1";
    }
}
