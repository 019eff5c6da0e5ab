package dev.darkroom.database.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The server process that a cluster's {@code postmaster.pid} names. The file outlives a crash, so it is believed only when
 * its process exists, is a postgres and serves this very cluster: the number may long belong to somebody else, and a
 * copied cluster names the server of the original.
 */
final class PostmasterPidFile {
    private static final String FILE_NAME = "postmaster.pid";

    private PostmasterPidFile() {}

    /** The pid of the running server, if there is one. */
    static Optional<Long> findRunningPid(Path cluster) throws IOException {
        return readRecordedPid(cluster)
                .flatMap(ProcessHandle::of)
                .filter(process -> serves(process.info(), cluster))
                .map(ProcessHandle::pid);
    }

    /**
     * Deletes a {@code postmaster.pid} whose number another process has by now, which would keep the server from starting.
     * Must not be called while another Darkroom may be starting a server here.
     */
    static void removeStalePidFile(Path cluster) throws IOException {
        if (findRunningPid(cluster).isEmpty()) {
            Files.deleteIfExists(cluster.resolve(FILE_NAME));
        }
    }

    private static Optional<Long> readRecordedPid(Path cluster) throws IOException {
        try {
            List<String> lines = Files.readAllLines(cluster.resolve(FILE_NAME));
            return lines.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Long.parseLong(lines.get(0).strip()));
        } catch (NoSuchFileException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean serves(ProcessHandle.Info process, Path cluster) {
        // Linux adds " (deleted)" to the name of a program whose file is gone.
        boolean postgres = process.command()
                .map(command -> Path.of(command).getFileName().toString())
                .filter(name -> name.equals("postgres") || name.startsWith("postgres "))
                .isPresent();
        return postgres
                && process.arguments()
                        .map(arguments -> Arrays.asList(arguments).contains(cluster.toString()))
                        .orElse(true);
    }
}
