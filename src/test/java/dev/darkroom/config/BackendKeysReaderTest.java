package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendKeysReaderTest {
    private static final Path BASE = Path.of("/opt/darkroom");
    private static final Map<String, String> ENVIRONMENT = Map.of("KEY_MAIN", " sk-hidden ", "KEY_BAD", "hid den");

    @Test
    void readsVariablesAndFiles() {
        // when
        BackendSettings backend = load("main=env:KEY_MAIN, spare = file:keys/spare,third=file:/run/secrets/third");

        // then
        assertThat(backend.keys())
                .containsExactly(
                        new BackendKeySource("main", new Secret("sk-hidden"), null),
                        new BackendKeySource("spare", Secret.NONE, BASE.resolve("keys/spare")),
                        new BackendKeySource("third", Secret.NONE, Path.of("/run/secrets/third")));
        assertThat(backend.toString()).doesNotContain("hidden");
    }

    @Test
    void namedBackendHasItsOwnKeys(@TempDir Path directory) throws IOException {
        // given
        Path file = Files.writeString(directory.resolve("conf.yaml"), """
                backend:
                  apiKeys: main=env:KEY_MAIN
                backends:
                  one:
                    url: http://one/v1
                    apiKeys: other=file:/run/secrets/other
                  two:
                    url: http://two/v1
                  three:
                    url: http://three/v1
                """);
        Map<String, String> environment = new HashMap<>(ENVIRONMENT);
        environment.put("DARKROOM_CONF", file.toString());
        environment.put("DARKROOM_BACKENDS_THREE_API_KEYS", "third=env:KEY_MAIN");

        // when
        List<BackendSettings> backends =
                SettingsLoader.load(environment, BASE).settings().backends();

        // then
        assertThat(backends)
                .extracting(backend -> backend.keys().get(0).name())
                .containsExactly("other", "main", "third");
    }

    @Test
    void singleKeyHasFixedName() {
        assertThat(SettingsTestLoader.load(Map.of("DARKROOM_BACKEND_API_KEY", "sk-hidden"))
                        .backend()
                        .keys())
                .containsExactly(new BackendKeySource("default", new Secret("sk-hidden"), null));
        assertThat(TestSettings.DEFAULTS.backend().keys()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sk-hidden | expected names with env:VARIABLE or file:PATH",
                "main=sk-hidden | expected names with env:VARIABLE or file:PATH",
                "Main=env:KEY_MAIN | expected names with env:VARIABLE or file:PATH",
                "main=env:KEY_MAIN, | expected names with env:VARIABLE or file:PATH",
                "main=file: | expected names with env:VARIABLE or file:PATH",
                "main=env:KEY_MAIN,main=file:hidden | expected each name once",
                "main=env:DARKROOM_HIDDEN | expected environment variables",
                "main=env:KEY_UNSET | expected printable ASCII without spaces in the environment variable KEY_UNSET",
                "main=env:KEY_BAD | expected printable ASCII without spaces in the environment variable KEY_BAD",
            })
    void rejectsInvalidKeysWithoutShowingThem(String keys, String message) {
        assertThatThrownBy(() -> load(keys))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("DARKROOM_BACKEND_API_KEYS: " + message)
                .hasMessageNotContaining("hid");
    }

    @Test
    void rejectsBothForms() {
        assertThatThrownBy(() -> SettingsLoader.load(
                        Map.of(
                                "DARKROOM_BACKEND_API_KEY", "sk-hidden",
                                "DARKROOM_BACKEND_API_KEYS", "main=file:key"),
                        BASE))
                .hasMessage("DARKROOM_BACKEND_API_KEYS: expected no value together with a value of backend.apiKey,"
                        + " got a value that is not shown");
    }

    private static BackendSettings load(String keys) {
        Map<String, String> environment = new HashMap<>(ENVIRONMENT);
        environment.put("DARKROOM_BACKEND_API_KEYS", keys);
        return SettingsLoader.load(environment, BASE).settings().backend();
    }
}
