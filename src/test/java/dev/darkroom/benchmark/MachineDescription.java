package dev.darkroom.benchmark;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Describes the machine of a measurement. */
final class MachineDescription {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final int SYNCS = 300;

    private MachineDescription() {}

    static String describe(Path directory, String postgres) throws IOException {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return "%d cores (%s), %d GB, %s %s; JDK %s; PostgreSQL %s; writing 8 kB and syncing it takes %s µs (median of %d)"
                .formatted(
                        system.getAvailableProcessors(),
                        processor(),
                        Math.round(system.getTotalMemorySize() / 1e9),
                        system.getName(),
                        system.getVersion(),
                        System.getProperty("java.version"),
                        postgres,
                        MedianWithRange.formatNumber(syncMicros(directory), 0),
                        SYNCS);
    }

    private static String processor() throws IOException {
        String unknown = System.getProperty("os.arch");
        if (!Files.exists(CPU_INFO)) {
            return unknown;
        }
        return Files.readAllLines(CPU_INFO).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(unknown);
    }

    /** Measures the median of writing and syncing 8 kB, the minimum cost of a commit. */
    private static double syncMicros(Path directory) throws IOException {
        Path file = directory.resolve("sync");
        List<Double> micros = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer page = ByteBuffer.allocateDirect(8192);
            for (int i = 0; i < SYNCS; i++) {
                long start = System.nanoTime();
                channel.write(page.clear(), 0);
                channel.force(false);
                micros.add((System.nanoTime() - start) / 1e3);
            }
        }
        Files.delete(file);
        return MedianWithRange.of(micros).median();
    }
}
