package dev.darkroom.benchmark;

import java.time.Duration;

/**
 * A round, and what each of its requests cost on average.
 *
 * @param allocatedBytes by the process at work; 0 when that is the benchmark itself
 * @param processCpu microseconds of processors used by the process at work
 * @param loadCpu the same of the benchmark, which is what makes the load
 * @param databaseCpu the same of PostgreSQL, all its processes together
 * @param statementMs spent by PostgreSQL executing statements, commits apart
 * @param walBytes that statements wrote to the write-ahead log
 */
record Measured(
        Round round,
        double allocatedBytes,
        double processCpu,
        double loadCpu,
        double databaseCpu,
        double statements,
        double statementMs,
        double walBytes) {

    /** Runs a round and reads all meters before and after it. */
    static Measured measure(Side side, Duration time, BenchmarkDatabase database) throws Exception {
        database.forgetStatements();
        Duration load = Cpu.of(ProcessHandle.current());
        Duration process =
                side.process() == null ? Duration.ZERO : side.process().cpu();
        Duration server = database.cpu();
        long allocated = side.process() == null ? 0 : side.process().allocatedBytes();

        Round round = side.load().run(time);

        BenchmarkDatabase.Statements statements = database.statements();
        double count = round.count();
        return new Measured(
                round,
                side.process() == null ? 0 : (side.process().allocatedBytes() - allocated) / count,
                side.process() == null ? 0 : micros(process, side.process().cpu()) / count,
                micros(load, Cpu.of(ProcessHandle.current())) / count,
                micros(server, database.cpu()) / count,
                statements.calls() / count,
                statements.executionMs() / count,
                statements.walBytes() / count);
    }

    private static double micros(Duration before, Duration after) {
        return after.minus(before).toNanos() / 1e3;
    }
}
