package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsLoaderTest {
    @TempDir
    Path directory;

    @Test
    void loadsDefaults() {
        // when
        SettingsLoader.LoadedSettings loadedSettings =
                SettingsLoader.load(Map.of("PATH", "/bin"), Path.of("/srv/darkroom"));

        // then
        Settings settings = loadedSettings.settings();
        int cores = Runtime.getRuntime().availableProcessors();
        assertThat(loadedSettings.warnings()).isEmpty();
        assertThat(settings.publicUrl()).isNull();
        assertThat(settings.dataDir()).isEqualTo(Path.of("/srv/darkroom/data"));
        assertThat(settings.imageDir()).isEqualTo(Path.of("/srv/darkroom/data/images"));
        assertThat(settings.http())
                .hasToString(
                        "Http[host=127.0.0.1, port=8080, maxBodyBytes=1048576, idleTimeout=PT1M, requestTimeout=PT30S,"
                                + " corsOrigins=[], allowedHosts=[], tls=Tls[certFile=null, keyFile=null, reloadInterval=PT1M]]");
        assertThat(settings.management()).isEqualTo(new InboundSettings.Management("127.0.0.1", 8081));
        assertThat(settings.simulator()).isEqualTo(new Settings.Simulator(8082, Duration.ofSeconds(1)));
        assertThat(settings.api()).isEqualTo(new InboundSettings.Api(cores, Duration.ofSeconds(8)));
        assertThat(settings.generation())
                .hasToString("Generation[instances=" + cores
                        + ", deadline=PT15M, defaultWidth=512, defaultHeight=512, defaultCount=1,"
                        + " maxWait=PT30S, maxPendingPerUser=1000, maxPerDayPerUser=0,"
                        + " maxQueueSize=100000]");
        assertThat(settings.retry())
                .isEqualTo(new Settings.Retry(
                        Duration.ofSeconds(1), Duration.ofSeconds(60), 5, 20, 5, Duration.ofMinutes(10)));
        assertThat(settings.backend().url()).isNull();
        assertThat(settings.backend().apiKey()).isEqualTo(Secret.NONE);
        assertThat(settings.backend().model()).isNull();
        assertThat(settings.backend().name()).isEqualTo("default");
        assertThat(settings.backend().timeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(settings.database().url()).isNull();
    }

    @Test
    void environmentOverridesFileAndFileOverridesDefaults() throws IOException {
        // given
        write("conf/darkroom.yaml", "retry:\n  initialDelay: 2s\n  maxLostAttempts: 7\n");

        // when
        Settings settings = load(Map.of("DARKROOM_RETRY_INITIAL_DELAY", "3s"));

        // then
        assertThat(settings.retry().initialDelay()).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.retry().maxLostAttempts()).isEqualTo(7);
        assertThat(settings.retry().maxAttempts()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mine.yaml", "  ./mine.yaml\n"})
    void configuredFileReplacesFileInWorkingDirectory(String name) throws IOException {
        // given
        write("conf/darkroom.yaml", "retry:\n  initialDelay: 2s\n  maxLostAttempts: 7\n");
        write("mine.yaml", "retry:\n  initialDelay: 4s\n");

        // when
        Settings settings = load(Map.of("DARKROOM_CONF", name));

        // then
        assertThat(settings.retry().initialDelay()).isEqualTo(Duration.ofSeconds(4));
        assertThat(settings.retry().maxLostAttempts()).isEqualTo(5);
    }

    @Test
    void loadsConfiguredFileFromOtherDirectory(@TempDir Path elsewhere) throws IOException {
        // given
        Path file = Files.writeString(elsewhere.resolve("mine.yaml"), "dataDir: kept\n");

        // when
        Settings settings = load(Map.of("DARKROOM_CONF", file.toString()));

        // then: paths in the file are relative to the working directory, not to the file
        assertThat(settings.dataDir()).isEqualTo(directory.resolve("kept"));
    }

    @Test
    void rejectsMissingConfiguredFile() {
        assertThat(errorOf(Map.of("DARKROOM_CONF", "gone.yaml")))
                .isEqualTo("DARKROOM_CONF: expected a readable file, got \"" + directory.resolve("gone.yaml") + "\"");
    }

    @Test
    void rejectsDirectoryAsFile() {
        assertThat(errorOf(Map.of("DARKROOM_CONF", ".")))
                .isEqualTo("DARKROOM_CONF: expected a readable file, got \"" + directory.resolve(".") + "\"");
    }

    @Test
    void rejectsInvalidFileName() {
        assertThat(errorOf(Map.of("DARKROOM_CONF", "a\0b")))
                .isEqualTo("DARKROOM_CONF: expected a readable file, got \"a\\u0000b\"");
    }

    @Test
    void rejectsFileThatIsNotUtf8() throws IOException {
        // given
        Files.write(directory.resolve("mine.yaml"), "backend:\n  model: é\n".getBytes(StandardCharsets.ISO_8859_1));

        // then
        assertThat(errorOf(Map.of("DARKROOM_CONF", "mine.yaml")))
                .isEqualTo("DARKROOM_CONF: expected UTF-8 text in " + directory.resolve("mine.yaml"));
    }

    @Test
    void ignoresEmptyVariables() throws IOException {
        // given
        write("conf/darkroom.yaml", "retry:\n  initialDelay: 2s\nbackend:\n  model: flux\n");

        // when: compose files pass unset variables as empty ones
        Settings settings = load(Map.of(
                "DARKROOM_CONF", "",
                "DARKROOM_RETRY_INITIAL_DELAY", "",
                "DARKROOM_BACKEND_MODEL", " ",
                "DARKROOM_HTTP_PORT", "",
                "DARKROOM_API_INSTANCES", ""));

        // then
        assertThat(settings.retry().initialDelay()).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.backend().model()).isEqualTo("flux");
        assertThat(settings.http().port()).isEqualTo(8080);
        assertThat(settings.api().instances()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void stripsSurroundingWhiteSpace() {
        // given: a trailing line break, as in a secret read from a file
        Map<String, String> environment =
                Map.of("DARKROOM_BACKEND_API_KEY", "sk-secret\n", "DARKROOM_HTTP_PORT", " 9090 ");

        // when
        Settings settings = load(environment);

        // then
        assertThat(settings.backend().apiKey().value()).isEqualTo("sk-secret");
        assertThat(settings.http().port()).isEqualTo(9090);
    }

    @Test
    void warnsOfUnknownVariablesWithoutValues() {
        // when
        SettingsLoader.LoadedSettings loadedSettings = SettingsLoader.load(
                Map.of(
                        "DARKROOM_RETRY_INITIAL_DLEAY", "secret",
                        "DARKROOM_BACKEND_APIKEY", "secret",
                        "DARKROOM_CONFIG", "secret",
                        "DARKROOM_SOMETHING_ELSE", "secret",
                        "DARKROOM_ODD\nNAME", "",
                        "OTHER_RETRY_BASE", "secret"),
                directory);

        // then
        assertThat(loadedSettings.settings()).isEqualTo(load(Map.of()));
        assertThat(loadedSettings.warnings())
                .containsExactly(
                        "unknown environment variable \"DARKROOM_BACKEND_APIKEY\" is ignored;"
                                + " did you mean \"DARKROOM_BACKEND_API_KEY\"?",
                        "unknown environment variable \"DARKROOM_CONFIG\" is ignored; did you mean \"DARKROOM_CONF\"?",
                        "unknown environment variable \"DARKROOM_ODD\\u000aNAME\" is ignored",
                        "unknown environment variable \"DARKROOM_RETRY_INITIAL_DLEAY\" is ignored;"
                                + " did you mean \"DARKROOM_RETRY_INITIAL_DELAY\"?",
                        "unknown environment variable \"DARKROOM_SOMETHING_ELSE\" is ignored");
    }

    @ParameterizedTest
    @CsvSource({
        "data, '', /srv/data, /srv/data/images",
        "./a/../b, '', /srv/b, /srv/b/images",
        "../kept, '', /kept, /kept/images",
        "/var/lib/darkroom/, '', /var/lib/darkroom, /var/lib/darkroom/images",
        "data, images, /srv/data, /srv/images",
        "data, /mnt/shared/./images, /srv/data, /mnt/shared/images",
    })
    void resolvesDirectories(String dataDir, String imageDir, Path expectedData, Path expectedImages) {
        // when
        Settings settings = SettingsLoader.load(
                        Map.of("DARKROOM_DATA_DIR", dataDir, "DARKROOM_IMAGE_DIR", imageDir), Path.of("/srv"))
                .settings();

        // then
        assertThat(settings.dataDir()).isEqualTo(expectedData);
        assertThat(settings.imageDir()).isEqualTo(expectedImages);
    }

    @Test
    void acceptsRelativeWorkingDirectory() {
        // when
        Settings settings = SettingsLoader.load(Map.of(), Path.of("")).settings();

        // then
        assertThat(settings.dataDir()).isEqualTo(Path.of("data").toAbsolutePath());
    }

    @ParameterizedTest
    @CsvSource({
        "DARKROOM_PUBLIC_URL, http://localhost:9090/, http://localhost:9090",
        "DARKROOM_PUBLIC_URL, HTTPS://example.org//, https://example.org",
        "DARKROOM_PUBLIC_URL, https://example.org/some/path/, https://example.org/some/path",
        "DARKROOM_PUBLIC_URL, http://[::1]:8080, http://[::1]:8080",
        "DARKROOM_BACKEND_URL, https://api.example.org/v1/, https://api.example.org/v1",
        "DARKROOM_BACKEND_URL, http://gpu:8000/openai/v1, http://gpu:8000/openai/v1",
    })
    void stripsTrailingSlashesOfUrls(String name, String text, URI expected) {
        // when
        Settings settings = load(Map.of(name, text));

        // then
        URI url = name.equals("DARKROOM_PUBLIC_URL")
                ? settings.publicUrl()
                : settings.backend().url();
        assertThat(url).isEqualTo(expected);
    }

    private void write(String name, String yaml) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, yaml);
    }

    private Settings load(Map<String, String> environment) {
        return SettingsLoader.load(environment, directory).settings();
    }

    private String errorOf(Map<String, String> environment) {
        return SettingsTestLoader.errorOf(environment, directory);
    }
}
