package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.stream.Stream;

/** Time of processors that processes have used, counted by the operating system in hundredths of a second. */
final class ProcessCpuTime {
    private ProcessCpuTime() {}

    /** Of one process. */
    static Duration ofProcess(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Of a process and all that it has started and that still live. */
    static Duration ofProcessTree(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants())
                .map(ProcessCpuTime::ofProcess)
                .reduce(Duration.ZERO, Duration::plus);
    }
}
