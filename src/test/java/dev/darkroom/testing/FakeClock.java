package dev.darkroom.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** The wall clock of processes, which may differ from the clock of the machine. Needs Linux and libfaketime. */
public final class FakeClock {
    private final Path offsetFile;

    /** Creates a clock with the time of the machine. */
    public FakeClock() {
        try {
            offsetFile = Files.createTempFile("darkroom-clock", ".txt");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        offsetFile.toFile().deleteOnExit();
        set("+0");
    }

    /**
     * Sets the clock, also of running processes. Does not change their monotonic clocks.
     *
     * @param offset from the time of the machine, such as {@code -1h}
     */
    public void set(String offset) {
        try {
            Files.writeString(offsetFile, offset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the environment variables of a process with this clock. */
    public Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD",
                library().toString(),
                "FAKETIME_TIMESTAMP_FILE",
                offsetFile.toString(),
                "FAKETIME_NO_CACHE",
                "1",
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1");
    }

    /** Returns the library of Debian's package {@code faketime}. */
    private static Path library() {
        String configured = System.getProperty("darkroom.chaos.libfaketime");
        if (configured != null) {
            return Path.of(configured);
        }
        try (Stream<Path> found = Files.find(
                Path.of("/usr/lib"), 3, (path, attributes) -> path.endsWith("faketime/libfaketimeMT.so.1"))) {
            return found.findFirst()
                    .orElseThrow(
                            () -> new IllegalStateException(
                                    "needs libfaketime, such as Debian's package faketime, or -Ddarkroom.chaos.libfaketime=FILE"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
