package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class FileErrorMessageTest {

    @Test
    void describesFileAndReason() {
        assertThat(FileErrorMessage.of(new AccessDeniedException("/data"))).isEqualTo("/data: permission denied");
        assertThat(FileErrorMessage.of(new NoSuchFileException("/data"))).isEqualTo("/data: no such file or directory");
        assertThat(FileErrorMessage.of(new FileSystemException("/data", null, "Not a directory")))
                .isEqualTo("/data: Not a directory");
        assertThat(FileErrorMessage.of(new IOException("No space left on device")))
                .isEqualTo("No space left on device");
    }

    @Test
    void namesExceptionWithoutMessage() {
        assertThat(FileErrorMessage.of(new IOException())).isEqualTo("java.io.IOException");
    }
}
