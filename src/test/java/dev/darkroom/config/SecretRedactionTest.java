package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretRedactionTest {

    @Test
    void settingsDoNotShowTheirSecrets() {
        // given
        Settings settings = SettingsTestLoader.load(Map.of(
                "DARKROOM_BACKEND_API_KEY", "sk-hidden",
                "DARKROOM_DATABASE_URL", "postgresql://ada:hidden@db/darkroom"));

        // then
        assertThat(settings.toString())
                .contains("apiKey=<redacted>", "user=ada, password=<redacted>")
                .doesNotContain("hidden");
        assertThat(settings.database().url().toString())
                .isEqualTo("DatabaseUrl[servers=[db:5432], database=darkroom, user=ada, password=<redacted>,"
                        + " tls=Tls[mode=DISABLE, rootCertificates=null], targetSession=READ_WRITE]");
        assertThat(settings.database().url().jdbcUrl()).isEqualTo("jdbc:postgresql://db:5432/darkroom");
    }

    @Test
    void settingsDoNotShowSeveralApiKeys() {
        // given
        Settings settings = SettingsTestLoader.load(Map.of(
                "DARKROOM_BACKEND_API_KEYS", "main=env:KEY_OF_MAIN, spare=file:/run/secrets/spare",
                "KEY_OF_MAIN", "sk-hidden"));

        // then
        assertThat(settings.toString())
                .contains("BackendKeySource[name=main, value=<redacted>, file=null]")
                .contains("BackendKeySource[name=spare, value=<none>, file=/run/secrets/spare]")
                .doesNotContain("hidden");
    }

    @Test
    void redactsSecret() {
        assertThat(new Secret("hidden"))
                .hasToString("<redacted>")
                .extracting(Secret::value)
                .isEqualTo("hidden");
        assertThat(Secret.NONE).hasToString("<none>").matches(secret -> !secret.isPresent());
    }

    @Test
    void redactsUnparsedValue() {
        assertThat(SettingValue.ofEnvironment("backend.apiKey", "sk-hidden")).hasToString("DARKROOM_BACKEND_API_KEY");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DARKROOM_DATABASE_URL",
                "DARKROOM_DATABASE_DIRECT_URL",
                "DARKROOM_BACKEND_API_KEY",
                "DARKROOM_BACKEND_API_KEYS"
            })
    void redactsInvalidSecret(String variable) {
        Map<String, String> environment = Map.of(variable, "hid den", "DARKROOM_BACKEND_URL", "http://gpu/v1");

        assertThatThrownBy(() -> SettingsLoader.load(environment, Path.of("target")))
                .hasMessageContaining(variable)
                .hasMessageContaining("a value that is not shown");
    }
}
