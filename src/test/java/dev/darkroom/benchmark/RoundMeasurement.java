package dev.darkroom.benchmark;

import java.time.Duration;

/**
 * Result of one round with the average costs per request.
 *
 * @param allocatedBytes by the measured process; 0 when that is the benchmark itself
 * @param processCpu CPU time of the measured process in microseconds
 * @param benchmarkCpu CPU time of the benchmark, which generates the load, in microseconds
 * @param databaseCpu CPU time of all PostgreSQL processes in microseconds
 * @param statements number of SQL statements
 * @param statementMs execution time of the statements in PostgreSQL, without commits
 * @param walBytes written to the write-ahead log
 */
record RoundMeasurement(
        LoadResult loadResult,
        double allocatedBytes,
        double processCpu,
        double benchmarkCpu,
        double databaseCpu,
        double statements,
        double statementMs,
        double walBytes) {

    /** Runs a round and reads all counters before and after it. */
    static RoundMeasurement measure(ComparedSystem system, Duration time, ApiBenchmarkDatabase database)
            throws Exception {
        database.resetStatements();
        Duration load = ProcessCpuTime.ofProcess(ProcessHandle.current());
        Duration process =
                system.process() == null ? Duration.ZERO : system.process().cpu();
        Duration server = database.cpuTime();
        long allocated = system.process() == null ? 0 : system.process().allocatedBytes();

        LoadResult loadResult = system.load().run(time);

        ApiBenchmarkDatabase.Statements statements = database.statements();
        double count = loadResult.count();
        return new RoundMeasurement(
                loadResult,
                system.process() == null ? 0 : (system.process().allocatedBytes() - allocated) / count,
                system.process() == null ? 0 : micros(process, system.process().cpu()) / count,
                micros(load, ProcessCpuTime.ofProcess(ProcessHandle.current())) / count,
                micros(server, database.cpuTime()) / count,
                statements.calls() / count,
                statements.executionMs() / count,
                statements.walBytes() / count);
    }

    private static double micros(Duration before, Duration after) {
        return after.minus(before).toNanos() / 1e3;
    }
}
