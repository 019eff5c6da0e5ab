package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What processes have of the machine's memory, as Linux counts it. */
final class ProcessMemory {
    private ProcessMemory() {}

    /**
     * Bytes that are resident. Of a process that has started others all of them together, and what they share once.
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
