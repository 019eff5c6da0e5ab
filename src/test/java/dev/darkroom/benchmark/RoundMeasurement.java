package dev.darkroom.benchmark;

import java.time.Duration;

/**
 * Result of one round with the average costs per request.
 *
 * @param allocatedBytes by the measured process; NaN when it does not count them
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
        MeasuredProcess process = system.process();
        Duration load = ProcessCpuTime.ofProcess(ProcessHandle.current());
        Duration processCpu = cpuOf(process);
        Duration server = database.cpuTime();
        double allocated = allocatedBytesOf(process);

        LoadResult loadResult = system.load().run(time);

        ApiBenchmarkDatabase.Statements statements = database.statements();
        double count = loadResult.count();
        return new RoundMeasurement(
                loadResult,
                (allocatedBytesOf(process) - allocated) / count,
                micros(processCpu, cpuOf(process)) / count,
                micros(load, ProcessCpuTime.ofProcess(ProcessHandle.current())) / count,
                micros(server, database.cpuTime()) / count,
                statements.calls() / count,
                statements.executionMs() / count,
                statements.walBytes() / count);
    }

    private static Duration cpuOf(MeasuredProcess process) {
        return process == null ? Duration.ZERO : process.cpu();
    }

    private static double allocatedBytesOf(MeasuredProcess process) {
        return process == null || process.allocatedBytes().isEmpty()
                ? Double.NaN
                : process.allocatedBytes().getAsLong();
    }

    private static double micros(Duration before, Duration after) {
        return after.minus(before).toNanos() / 1e3;
    }
}
