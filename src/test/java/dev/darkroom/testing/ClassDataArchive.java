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
 * The classes of the packaged jar as virtual machines keep them (class data sharing), so that the many processes of the suite start in two
 * thirds of the time. Making it takes as long as two starts, so whoever starts a few processes only goes without.
 */
final class ClassDataArchive {
    private static final int STARTS_BEFORE_ARCHIVE = 5;

    private static int starts;

    private ClassDataArchive() {}

    /** What a start of the jar is to be given: nothing, when it is better made without. Blocks while the archive is made. */
    static synchronized List<String> options(Path jar) {
        if (++starts <= STARTS_BEFORE_ARCHIVE) {
            return List.of();
        }
        Path archive = archiveOf(jar);
        if (!Files.exists(archive)) {
            createArchive(jar, archive);
        }
        // Silent where it cannot be used, such as with another clock: tests read what processes say.
        return Files.exists(archive) ? List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off") : List.of();
    }

    /** Of these very bytes: another build is another archive. */
    private static Path archiveOf(Path jar) {
        try {
            return jar.toAbsolutePath()
                    .resolveSibling("darkroom-" + Files.getLastModifiedTime(jar).toMillis() + ".jsa");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One process makes it; who comes meanwhile goes without. */
    private static void createArchive(Path jar, Path archive) {
        Path lock = archive.resolveSibling("darkroom.jsa.lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.tryLock()) {
            if (held == null || Files.exists(archive)) {
                return;
            }
            Path directory = Files.createTempDirectory("darkroom-classes");
            Path made = archive.resolveSibling(archive.getFileName() + ".part");
            try (DarkroomInstanceProcess process = DarkroomInstanceProcess.launchWithoutArchive(
                            directory, settings(), List.of("-XX:ArchiveClassesAtExit=" + made, "-Xlog:cds*=off"))
                    .awaitReady()) {
                process.client().awaitEnd(process.client().create("A lighthouse whose classes are kept"));
            }
            Files.move(made, archive, StandardCopyOption.ATOMIC_MOVE);
            TestDirectories.delete(directory);
        } catch (OverlappingFileLockException e) {
            // Of this very process; it cannot be, and does no harm.
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
