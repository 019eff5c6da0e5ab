package dev.darkroom.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Class data sharing archive of the packaged jar, which reduces the start time of processes by a third. Creating it takes as
 * long as two starts, so the first processes of a test JVM start without it.
 */
final class ClassDataArchive {
    private static final int STARTS_BEFORE_ARCHIVE = 5;

    private static int starts;

    private ClassDataArchive() {}

    /** Returns JVM options for a start of the jar, empty for the first starts. Blocks while it creates the archive. */
    static synchronized List<String> options(Path jar) {
        if (++starts <= STARTS_BEFORE_ARCHIVE) {
            return List.of();
        }
        Path archive = archiveOf(jar);
        if (!Files.exists(archive)) {
            createArchive(jar, archive);
        }
        // Suppresses warnings when the archive is unusable, since tests check the output of processes.
        return Files.exists(archive) ? List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off") : List.of();
    }

    /** Returns the archive of this build of the jar. */
    private static Path archiveOf(Path jar) {
        try {
            return jar.toAbsolutePath()
                    .resolveSibling("darkroom-" + Files.getLastModifiedTime(jar).toMillis() + ".jsa");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Creates the archive unless another test JVM is creating it. */
    private static void createArchive(Path jar, Path archive) {
        Path lock = archive.resolveSibling("darkroom.jsa.lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock fileLock = channel.tryLock()) {
            if (fileLock == null || Files.exists(archive)) {
                return;
            }
            Path directory = Files.createTempDirectory("darkroom-classes");
            Path partialArchive = archive.resolveSibling(archive.getFileName() + ".part");
            try (DarkroomInstanceProcess process = DarkroomInstanceProcess.launchWithoutArchive(
                            directory,
                            settings(),
                            List.of("-XX:ArchiveClassesAtExit=" + partialArchive, "-Xlog:cds*=off"))
                    .awaitReady()) {
                process.client().awaitEnd(process.client().create("A lighthouse at dusk"));
            }
            Files.move(partialArchive, archive, StandardCopyOption.ATOMIC_MOVE);
            TestDirectories.delete(directory);
        } catch (OverlappingFileLockException e) {
            // Another thread of this JVM holds the lock. The caller continues without an archive.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> settings() {
        return DarkroomInstanceSettings.forTests()
                .database(TestPostgres.newDatabase())
                .environment();
    }
}
