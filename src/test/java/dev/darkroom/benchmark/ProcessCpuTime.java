package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.stream.Stream;

/** Reads the CPU time of processes, counted by the operating system in hundredths of a second. */
final class ProcessCpuTime {
    private ProcessCpuTime() {}

    /** Returns the CPU time of one process. */
    static Duration ofProcess(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Returns the CPU time of a process and its live descendants. */
    static Duration ofProcessTree(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants())
                .map(ProcessCpuTime::ofProcess)
                .reduce(Duration.ZERO, Duration::plus);
    }
}
