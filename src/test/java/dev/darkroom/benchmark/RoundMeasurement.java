package dev.darkroom.benchmark;

import java.time.Duration;

/**
 * A round, and what each of its requests cost on average.
 *
 * @param allocatedBytes by the process at work; 0 when that is the benchmark itself
 * @param processCpu microseconds of processors used by the process at work
 * @param benchmarkCpu the same of the benchmark, which is what makes the load
 * @param databaseCpu the same of PostgreSQL, all its processes together
 * @param statementMs spent by PostgreSQL executing statements, commits apart
 * @param walBytes that statements wrote to the write-ahead log
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

    /** Runs a round and reads all meters before and after it. */
    static RoundMeasurement measure(ComparedSystem comparedSystem, Duration time, ApiBenchmarkDatabase database)
            throws Exception {
        database.resetStatements();
        Duration load = ProcessCpuTime.ofProcess(ProcessHandle.current());
        Duration process = comparedSystem.process() == null
                ? Duration.ZERO
                : comparedSystem.process().cpu();
        Duration server = database.cpuTime();
        long allocated =
                comparedSystem.process() == null ? 0 : comparedSystem.process().allocatedBytes();

        LoadResult loadResult = comparedSystem.load().run(time);

        ApiBenchmarkDatabase.Statements statements = database.statements();
        double count = loadResult.count();
        return new RoundMeasurement(
                loadResult,
                comparedSystem.process() == null ? 0 : (comparedSystem.process().allocatedBytes() - allocated) / count,
                comparedSystem.process() == null
                        ? 0
                        : micros(process, comparedSystem.process().cpu()) / count,
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
