package dev.darkroom.backend.key;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendKeyStatus.State;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.BackendKeySource;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TestSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class BackendKeyFilesTest {
    @TempDir
    Path directory;

    private final BackendKeyRing ring = new BackendKeyRing("backend", Duration.ofMinutes(10), System::nanoTime);
    private Path file;
    private BackendSettings settings;

    @BeforeEach
    void createSettings() {
        file = directory.resolve("key");
        settings = TestSettings.with(
                TestSettings.DEFAULTS.backend(),
                "apiKeys",
                List.of(
                        new BackendKeySource("main", new Secret("from-environment"), null),
                        new BackendKeySource("spare", Secret.NONE, file)));
    }

    @Test
    void readsFilesWithoutSurroundingWhiteSpace() throws IOException {
        // given
        Files.writeString(file, " from-file\n");

        // when
        BackendKeyFiles.load(settings, ring);

        // then
        assertThat(states()).containsExactly(State.USABLE, State.USABLE);
        assertThat(spare().secret()).isEqualTo(new Secret("from-file"));
        assertThat(ring.secrets()).containsExactly(new Secret("from-environment"), new Secret("from-file"));
    }

    @Test
    void usesChangedFileOfSameTimeAndSize() throws IOException {
        // given
        FileTime time = FileTime.fromMillis(1_700_000_000_000L);
        Files.writeString(file, "one");
        Files.setLastModifiedTime(file, time);
        BackendKeyFiles files = BackendKeyFiles.load(settings, ring);
        ring.recordRejection(
                ring.startUse(spare()), BackendFailure.of(FailureClass.TERMINAL_AUTH, "UNAUTHORIZED", "m"));

        // when
        files.readAll();

        // then
        assertThat(states()).containsExactly(State.USABLE, State.UNAUTHORIZED);

        // when
        Files.writeString(file, "two");
        Files.setLastModifiedTime(file, time);
        files.readAll();

        // then
        assertThat(states()).containsExactly(State.USABLE, State.USABLE);
        assertThat(spare().secret()).isEqualTo(new Secret("two"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "two words", "line\nbreak", "ümlaut"})
    void fileWithoutKeyIsMissing(String content) throws IOException {
        // given
        Files.writeString(file, content);

        // when
        BackendKeyFiles.load(settings, ring);

        // then
        assertThat(states()).containsExactly(State.USABLE, State.MISSING);
    }

    @Test
    void logsWhyKeyIsMissing() throws IOException {
        // given
        Logger logger = (Logger) LoggerFactory.getLogger(BackendKeyFiles.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);

        // when
        BackendKeyFiles files = BackendKeyFiles.load(settings, ring);
        Files.writeString(file, "one");
        files.readAll();
        Files.delete(file);
        Files.createDirectory(file);
        files.readAll();
        files.readAll();
        logger.detachAppender(log);

        // then
        assertThat(log.list)
                .filteredOn(event -> event.getMessage().equals("api key missing"))
                .extracting(event -> event.getKeyValuePairs().toString())
                .satisfiesExactly(
                        missing -> assertThat(missing).contains("no such file or directory"),
                        unreadable -> assertThat(unreadable).contains("Is a directory"));
    }

    @Test
    void removedFileRestsKeyUntilItReturns() throws IOException {
        // given
        Files.writeString(file, "one");
        BackendKeyFiles files = BackendKeyFiles.load(settings, ring);

        // when
        Files.delete(file);
        files.readAll();

        // then
        assertThat(states()).containsExactly(State.USABLE, State.MISSING);
        assertThat(ring.select().orElseThrow().name()).isEqualTo("main");
        assertThat(ring.select().orElseThrow().name()).isEqualTo("main");

        // when
        Files.writeString(file, "one");
        files.readAll();

        // then
        assertThat(states()).containsExactly(State.USABLE, State.USABLE);
    }

    private BackendKey spare() {
        return ring.find("spare").orElseThrow();
    }

    private List<State> states() {
        return ring.status().stream().map(BackendKeyStatus::state).toList();
    }
}
