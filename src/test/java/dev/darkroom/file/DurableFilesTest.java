package dev.darkroom.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Creation, replacement and permissions of files. */
class DurableFilesTest {
    @TempDir
    Path directory;

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void replacesAFileAlsoAfterAnInterruptedReplacement() throws IOException {
        // given
        Path file = directory.resolve("file");
        DurableFiles.replace(file, "old");
        Files.writeString(directory.resolve("file.new"), "unfinished");

        // when
        DurableFiles.replace(file, "new ä");

        // then
        assertThat(file).hasContent("new ä");
        assertThat(permissions(file)).isEqualTo("rw-------");
        assertThat(directory.resolve("file.new")).doesNotExist();
    }

    @Test
    void deletesAFileWhoseContentFails() {
        // given
        Path file = directory.resolve("file");

        // when
        assertThatThrownBy(() -> DurableFiles.create(file, channel -> {
                    channel.write(ByteBuffer.wrap(new byte[] {1}));
                    throw new IOException("disk full");
                }))
                .hasMessage("disk full");

        // then
        assertThat(file).doesNotExist();
    }

    @Test
    void doesNotChangeAFileThatExists() throws IOException {
        // given
        Path file = directory.resolve("file");
        DurableFiles.replace(file, "old");

        // then
        assertThatThrownBy(() -> DurableFiles.create(file, channel -> channel.write(ByteBuffer.wrap(new byte[] {1}))))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("old");
    }

    @Test
    void createsDirectoriesForTheirOwnerAlone() throws IOException {
        // given
        Path existing = Files.createDirectory(
                directory.resolve("a"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));

        // when
        DurableFiles.createDirectories(existing.resolve("b/c"));

        // then
        assertThat(permissions(existing)).isEqualTo("rwxr-x---");
        assertThat(permissions(existing.resolve("b"))).isEqualTo("rwx------");
        assertThat(permissions(existing.resolve("b/c"))).isEqualTo("rwx------");
    }
}
