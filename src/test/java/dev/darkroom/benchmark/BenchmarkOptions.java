package dev.darkroom.benchmark;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * Extent of a benchmark.
 *
 * @param brief measure only the most important ratios, in less than three minutes
 * @param rounds measured rounds of each system
 * @param warmUp load before the first round
 * @param roundDuration load of one round
 * @param warmUpJobs lifecycles before a round, in each new process
 * @param jobs lifecycles of one round
 */
record BenchmarkOptions(boolean brief, int rounds, Duration warmUp, Duration roundDuration, int warmUpJobs, int jobs) {

    /** Reads the system properties {@code benchmark.short}, {@code .rounds}, {@code .seconds} and {@code .jobs}. */
    static BenchmarkOptions fromSystemProperties() {
        boolean brief = Boolean.getBoolean("benchmark.short");
        Duration roundDuration = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", brief ? 1 : 4));
        int jobs = Integer.getInteger("benchmark.jobs", brief ? 2_000 : 12_000);
        return new BenchmarkOptions(
                brief,
                Integer.getInteger("benchmark.rounds", brief ? 2 : 5),
                Duration.ofSeconds(brief ? 2 : 15),
                roundDuration,
                brief ? 3 * jobs : jobs,
                jobs);
    }

    /**
     * Returns the head of a report: the date, the load, the rounds and the machine.
     *
     * @param load of a round, for example {@code 16 concurrent requests}
     */
    String describeRounds(String load, String machine) {
        return "Measured on %s: %s, %d rounds of %d s each. Medians; in brackets the lowest and the highest round.%n%nMachine: %s.%n%n"
                .formatted(LocalDate.now(ZoneOffset.UTC), load, rounds, roundDuration.toSeconds(), machine);
    }
}
