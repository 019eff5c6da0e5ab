package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.stream.Stream;

/** Time of processors that processes have used, counted by the operating system in hundredths of a second. */
final class Cpu {
    private Cpu() {}

    /** Of one process. */
    static Duration of(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Of a process and all that it has started and that still live. */
    static Duration ofTree(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants())
                .map(Cpu::of)
                .reduce(Duration.ZERO, Duration::plus);
    }
}
