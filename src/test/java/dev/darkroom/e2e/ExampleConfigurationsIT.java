package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each file in {@code conf/examples} starts a service, and each protocol has one. */
class ExampleConfigurationsIT {
    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();

    private static DarkroomInstanceSettings settings(Path example) {
        return DarkroomInstanceSettings.forTests()
                .database(DATABASE)
                .with("DARKROOM_CONF", example.toAbsolutePath().toString())
                .with("DARKROOM_BACKEND_WORKFLOW", absolute("comfyui-workflow.json"))
                .with("DARKROOM_BACKENDS_OPENAI_PARAMETERS_SCHEMA", absolute("openai-parameters.json"));
    }

    private static String absolute(String file) {
        return Path.of("conf/examples", file).toAbsolutePath().toString();
    }

    static List<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("conf/examples"))) {
            return files.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void everyProtocolHasAnExample() throws IOException {
        assertThat(examples().stream()
                        .flatMap(example -> SettingsLoader.load(
                                settings(example).environment(), Path.of("").toAbsolutePath())
                                .settings()
                                .backends()
                                .stream())
                        .map(BackendSettings::type))
                .containsAll(List.of(BackendType.values()));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void exampleStartsAService(Path example, @TempDir Path directory) {
        // given
        DarkroomInstanceSettings settings = settings(example);
        List<String> names = SettingsLoader.load(settings.environment(), directory).settings().backends().stream()
                .map(BackendSettings::name)
                .toList();

        // when
        try (DarkroomInstance darkroom = InProcessDarkroom.start(directory, settings)) {
            ApiClient management = new ApiClient(darkroom.management());

            // then
            assertThat(management.get("/health/ready").status()).isEqualTo(200);
            assertThat(management.get("/backends").json().getJsonArray("backends").stream()
                            .map(JsonObject.class::cast)
                            .map(backend -> backend.getString("name")))
                    .containsExactlyElementsOf(names);
        }
    }
}
