package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.List;

/**
 * Figures of one fleet of processes, of which every generation makes one call. Costs are those of one completed generation, its acceptance
 * included.
 *
 * @param label for the report
 * @param processes of Darkroom
 * @param calls concurrent calls of each process
 * @param rate completed generations per second, over the rounds
 * @param ownMicros CPU time of all processes of Darkroom
 * @param databaseMicros CPU time of PostgreSQL
 * @param otherMicros CPU time of the load generator and the AI server
 * @param statements of the processes
 * @param commits in all databases
 * @param walBytes written by the server, including checkpoints and vacuum
 * @param walSyncs of WAL files
 * @param rejected submissions that got 503, warm-up included
 */
record ScaleOutMeasurement(
        String label,
        int processes,
        int calls,
        MedianWithRange rate,
        double ownMicros,
        double databaseMicros,
        double otherMicros,
        double statements,
        double commits,
        double walBytes,
        double walSyncs,
        int rejected) {

    /** Counters at one moment: the time of the database as text, and the resources used since the start. */
    record Counters(
            String time,
            Duration own,
            Duration database,
            Duration other,
            double commits,
            double walBytes,
            double walSyncs) {}

    /** @param completed generations between the two moments */
    static ScaleOutMeasurement between(
            Counters start,
            Counters end,
            String label,
            int processes,
            int calls,
            List<Double> rates,
            long statements,
            int completed) {
        return new ScaleOutMeasurement(
                label,
                processes,
                calls,
                MedianWithRange.of(rates),
                micros(start.own(), end.own()) / completed,
                micros(start.database(), end.database()) / completed,
                micros(start.other(), end.other()) / completed,
                statements / (double) completed,
                (end.commits() - start.commits()) / completed,
                (end.walBytes() - start.walBytes()) / completed,
                (end.walSyncs() - start.walSyncs()) / completed,
                0);
    }

    ScaleOutMeasurement withRejected(int count) {
        return new ScaleOutMeasurement(
                label,
                processes,
                calls,
                rate,
                ownMicros,
                databaseMicros,
                otherMicros,
                statements,
                commits,
                walBytes,
                walSyncs,
                count);
    }

    private static double micros(Duration start, Duration end) {
        return end.minus(start).toNanos() / 1e3;
    }

    /** Returns the cores in use, load generator and AI server included. */
    double usedCores() {
        return rate.median() * (ownMicros + databaseMicros + otherMicros) / 1e6;
    }

    /** Calculates the generations per second that one core of PostgreSQL completes. */
    double ratePerDatabaseCore() {
        return 1e6 / databaseMicros;
    }

    /**
     * Calculates the generations per second of processes with the costs of this measurement: the calls, or what the cores permit.
     *
     * @param cores shared by the processes and PostgreSQL
     */
    double extrapolateRate(int processCount, int cores, Duration latency) {
        return Math.min(processCount * callRate(latency), cores * 1e6 / (ownMicros + databaseMicros));
    }

    /** Calculates the number of processes that use up the cores. */
    double processesAtLimit(int cores, Duration latency) {
        return cores * 1e6 / (ownMicros + databaseMicros) / callRate(latency);
    }

    private double callRate(Duration latency) {
        return calls * 1e3 / latency.toMillis();
    }
}
