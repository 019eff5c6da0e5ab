package dev.darkroom.database.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the server process of a cluster by its {@code postmaster.pid}. The file remains after a crash, so its process must exist, be a
 * postgres and serve this cluster: another process may have the same PID by now, and a copied cluster contains the PID of the original.
 */
final class PostmasterPidFile {
    private static final String FILE_NAME = "postmaster.pid";

    private PostmasterPidFile() {}

    /** Returns the PID of the running server; empty when none runs. */
    static Optional<Long> findRunningPid(Path cluster) throws IOException {
        return readRecordedPid(cluster)
                .flatMap(ProcessHandle::of)
                .filter(process -> serves(process.info(), cluster))
                .map(ProcessHandle::pid);
    }

    /**
     * Deletes a {@code postmaster.pid} with the PID of an unrelated process, with which the server would not start. Must not be called
     * while another Darkroom may be starting a server of this cluster.
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
        // Linux appends " (deleted)" to the command of a deleted program.
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
