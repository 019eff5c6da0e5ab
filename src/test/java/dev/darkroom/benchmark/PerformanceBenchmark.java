package dev.darkroom.benchmark;

import java.util.ArrayList;
import java.util.List;

/**
 * Measures Darkroom, its peers and the limits of the machine. Run by {@code ./mvnw -q verify -Pbenchmark}; described in
 * {@code docs/performance.md}. Except in the short form, fails when a request allocates more than {@link AllocationLimits} permits.
 */
public final class PerformanceBenchmark {
    private PerformanceBenchmark() {}

    public static void main(String[] args) throws Exception {
        BenchmarkOptions options = BenchmarkOptions.fromSystemProperties();
        String part = System.getProperty("benchmark.part", "");
        List<String> exceeded = new ArrayList<>();
        if (part.isEmpty() || part.equals("api")) {
            List<String> found = ApiBenchmark.run(options);
            // The short form measures code that the JIT compiler has not optimized yet, which allocates more.
            if (!options.brief()) {
                exceeded.addAll(found);
            }
        }
        if (part.isEmpty() || part.equals("lifecycles")) {
            LifecycleBenchmark.run(options);
        }
        if (part.isEmpty() && !options.brief() || part.equals("scale")) {
            ScaleOutBenchmark.run(options);
        }
        if (part.equals("facade")) {
            FacadeBenchmark.run(options);
        }
        if (part.equals("metrics")) {
            List<String> found = MetricsBenchmark.run(options);
            if (!options.brief()) {
                exceeded.addAll(found);
            }
        }
        if (part.equals("s3")) {
            S3Benchmark.run(options);
        }
        exceeded.forEach(System.err::println);
        System.exit(exceeded.isEmpty() ? 0 : 1);
    }
}
