package dev.darkroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.server.StartupException;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands refuse arguments that they do not know before they open a database. */
class CommandArgumentsTest {
    @TempDir
    Path directory;

    private Settings settings() {
        return SettingsLoader.load(Map.of(), directory).settings();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | keys: expected create, list, revoke or rotate-links",
                "create | --user: expected a name",
                "create --user a;b | --user: expected a name",
                "create --user alice --role king | --role: expected",
                "create --user alice --expires soon | --expires: expected",
                "create --user alice --expires 1s | --expires: expected",
                "list all | unknown argument \"all\"",
                "revoke | keys revoke: expected the id of a key",
            })
    void keysRefusesWrongArguments(String arguments, String reason) {
        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> KeysCommand.run(settings(), split(arguments)))
                .withMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | users: expected erase",
                "remove mary | users: expected erase",
                "erase | users erase: expected the name of a user",
                "erase mary bob | unknown argument \"bob\"",
            })
    void usersRefusesWrongArguments(String arguments, String reason) {
        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> UsersCommand.run(settings(), split(arguments)))
                .withMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"--depp | unknown argument \"--depp\"", "--timeout 5m | --timeout: expected seconds"})
    void doctorRefusesWrongArguments(String arguments, String reason) {
        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> DoctorCommand.doctor(settings(), split(arguments)))
                .withMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"'' | expected the id of a generation", "me | expected the id of a generation"})
    void explainRefusesWrongArguments(String arguments, String reason) {
        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> DoctorCommand.explain(settings(), split(arguments)))
                .withMessageContaining(reason);
    }

    @Test
    void explainRefusesADirectoryWithoutADatabase() {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DoctorCommand.explain(settings(), List.of("01a2093d-8cc8-7eab-b69e-7d8fe7b05d0d")))
                .withMessageContaining("there is no database in data directory");
    }

    @Test
    @Tag("database")
    void doctorRefusesADatabaseWithoutTables() {
        DatabaseUrl empty = TestPostgres.newDatabase();
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(empty).environment(), directory)
                .settings();
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DoctorCommand.doctor(settings, List.of()))
                .withMessageContaining("does not have the tables of this version");
    }

    @Test
    @Tag("database")
    void explainEndsWithOneForAnUnknownGeneration() {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests()
                                .database(TestPostgres.migratedDatabase())
                                .environment(),
                        directory)
                .settings();
        assertThat(DoctorCommand.explain(settings, List.of("01a2093d-8cc8-7eab-b69e-7d8fe7b05d0d")))
                .isEqualTo(1);
    }

    private static List<String> split(String arguments) {
        return arguments.isEmpty() ? List.of() : List.of(arguments.split(" "));
    }
}
