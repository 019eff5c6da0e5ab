package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Reads the resident memory of processes on Linux. */
final class ProcessMemory {
    private ProcessMemory() {}

    /**
     * Returns the resident bytes of a process and its descendants. Counts shared pages of a process tree once.
     */
    static long residentBytes(ProcessHandle process) throws IOException {
        List<ProcessHandle> tree =
                Stream.concat(Stream.of(process), process.descendants()).toList();
        long kilobytes = 0;
        for (ProcessHandle each : tree) {
            kilobytes += field(each, tree.size() == 1 ? "Rss:" : "Pss:");
        }
        return kilobytes * 1024;
    }

    private static long field(ProcessHandle process, String name) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(process.pid()), "smaps_rollup"))) {
            return lines.filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
