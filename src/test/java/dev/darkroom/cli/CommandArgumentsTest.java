package dev.darkroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Commands validate their arguments before they load settings or open a database, and report errors in one line. */
class CommandArgumentsTest {
    private static final String GENERATION_ID = "01a2093d-8cc8-7eab-b69e-7d8fe7b05d0d";

    @TempDir
    Path directory;

    private final StringWriter output = new StringWriter();
    private final StringWriter errors = new StringWriter();

    private int execute(Supplier<Settings> settings, String... arguments) {
        CommandLine commandLine = DarkroomCommandLine.create(settings);
        commandLine.setOut(new PrintWriter(output));
        commandLine.setErr(new PrintWriter(errors));
        return commandLine.execute(arguments);
    }

    private int executeWithoutSettings(String arguments) {
        return execute(
                () -> {
                    throw new AssertionError("settings loaded");
                },
                arguments.isEmpty() ? new String[0] : arguments.split(" "));
    }

    private Settings settings(Map<String, String> environment) {
        return SettingsLoader.load(environment, directory).settings();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "keys | keys: expected create, list, revoke, rotate-url-keys",
                "keys delete | unknown command \"keys delete\"; known: create, list, revoke, rotate-url-keys",
                "keys create | --user: expected a name of 1 to 128 letters, digits and . _ @ + : / -",
                "keys create --user | --user: expected a name of 1 to 128 letters, digits and . _ @ + : / -",
                "keys create --user a;b | --user: expected a name of 1 to 128 letters, digits and . _ @ + : / -",
                "keys create --user alice --role king | --role: expected user or admin",
                "keys create --user alice --expires soon | --expires: expected a duration from 1m to 3660d, such as 12h or 90d",
                "keys create --user alice --expires 1s | --expires: expected a duration from 1m to 3660d, such as 12h or 90d",
                "keys create --user alice --user bob | option '--user' (NAME) should be specified only once",
                "keys list all | unknown argument \"all\"",
                "keys revoke | keys revoke: expected the id of a key, such as dk_0123456789abcdef",
                "users | users: expected erase",
                "users remove mary | unknown command \"users remove\"; known: erase",
                "users erase | users erase: expected the name of a user, 1 to 128 characters",
                "users erase mary bob | unknown argument \"bob\"",
                "images | images: expected copy",
                "images copy --to | --to: expected a directory, or a settings file that ends in .yaml",
                "images copy --concurrency 0 | --concurrency: expected a number from 1 to 256",
                "images copy --concurrency many | --concurrency: expected a number from 1 to 256",
                "images copy data | unknown argument \"data\"",
                "doctor --depp | unknown argument \"--depp\"",
                "doctor --timeout 5m | --timeout: expected seconds from 1 to 999999",
                "explain | explain: expected the id of a generation, such as " + GENERATION_ID,
                "explain me | explain: expected the id of a generation, such as " + GENERATION_ID,
                "explain 1-1-1-1-1 | explain: expected the id of a generation, such as " + GENERATION_ID,
            })
    void rejectsInvalidArguments(String arguments, String reason) {
        assertThat(executeWithoutSettings(arguments)).isEqualTo(2);
        assertThat(errors).hasToString("darkroom: " + reason + System.lineSeparator());
        assertThat(output.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "develop | unknown command \"develop\"; known: serve, simulator, keys, users, images, doctor, explain, help",
                "--json | unknown argument \"--json\"",
                "serve now | unknown argument \"now\"",
                "simulator --port | unknown argument \"--port\"",
            })
    void rejectsInvalidArgumentsOfServerWithOne(String arguments, String reason) {
        assertThat(executeWithoutSettings(arguments)).isEqualTo(1);
        assertThat(errors).hasToString("darkroom: " + reason + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "help",
                "-h",
                "help keys",
                "serve --help",
                "keys --help",
                "keys create --help",
                "users erase -h",
                "images copy -h",
                "doctor -h"
            })
    void printsHelp(String arguments) {
        assertThat(executeWithoutSettings(arguments)).isZero();
        assertThat(output.toString()).startsWith("Usage: java -jar darkroom.jar");
        assertThat(errors.toString()).isEmpty();
    }

    @Test
    void printsVersion() {
        assertThat(executeWithoutSettings("--version")).isZero();
        assertThat(output.toString()).startsWith("Darkroom ");
    }

    @Test
    void acceptsUserNameWithAtSign() {
        // when: picocli would read arguments from the file "mary" by default
        int exitCode = execute(
                () -> {
                    throw new SettingsException("no settings");
                },
                "users",
                "erase",
                "@mary");

        // then
        assertThat(exitCode).isEqualTo(2);
        assertThat(errors).hasToString("darkroom: no settings" + System.lineSeparator());
    }

    @Test
    void explainRejectsDirectoryWithoutDatabase() {
        assertThat(execute(() -> settings(Map.of()), "explain", GENERATION_ID)).isEqualTo(2);
        assertThat(errors.toString()).contains("there is no database in data directory");
    }

    @Test
    @Tag("database")
    void doctorRejectsDatabaseWithoutTables() {
        DatabaseUrl empty = TestPostgres.newDatabase();

        assertThat(execute(
                        () -> settings(DarkroomInstanceSettings.forTests()
                                .database(empty)
                                .environment()),
                        "doctor"))
                .isEqualTo(2);
        assertThat(errors.toString()).contains("does not have the tables of this version");
    }

    @Test
    @Tag("database")
    void explainReturnsOneForUnknownGeneration() {
        DatabaseUrl database = TestPostgres.migratedDatabase();

        assertThat(execute(
                        () -> settings(DarkroomInstanceSettings.forTests()
                                .database(database)
                                .environment()),
                        "explain",
                        GENERATION_ID))
                .isEqualTo(1);
        assertThat(errors.toString()).isEmpty();
    }
}
