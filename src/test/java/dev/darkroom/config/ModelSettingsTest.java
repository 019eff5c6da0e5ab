package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.ModelSettings.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sections {@code backends} and {@code models}. */
class ModelSettingsTest {
    private static final String BACKENDS = """
            backend:
              timeout: 90s
            backends:
              gpu-1:
                url: http://10.0.0.5:8000/v1
                breaker:
                  failurePercent: 70
              forge:
                type: automatic1111
                url: http://10.0.0.6:7860
                concurrency: 1
              openai:
                url: https://api.openai.com/v1
                timeout: 180s
            """;

    @TempDir
    Path directory;

    private Map<String, String> environment(String yaml) {
        try {
            return new HashMap<>(Map.of(
                    "DARKROOM_CONF",
                    Files.writeString(directory.resolve("darkroom.yaml"), yaml).toString()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Settings load(String yaml) {
        return SettingsTestLoader.load(environment(yaml));
    }

    @Test
    void backendsInheritTheSettingsOfTheDefault() {
        // when
        Map<String, String> environment = environment(BACKENDS);
        environment.put("DARKROOM_BACKENDS_OPENAI_API_KEY", "sk-secret");
        List<BackendSettings> backends = SettingsTestLoader.load(environment).backends();

        // then
        assertThat(backends).extracting(BackendSettings::name).containsExactly("gpu-1", "forge", "openai");
        assertThat(backends)
                .extracting(BackendSettings::timeout)
                .containsExactly(Duration.ofSeconds(90), Duration.ofSeconds(90), Duration.ofSeconds(180));
        assertThat(backends)
                .extracting(backend -> backend.breaker().failurePercent())
                .containsExactly(70, 50, 50);
        assertThat(backends).extracting(BackendSettings::concurrency).containsExactly(0, 1, 0);
        assertThat(backends.get(2).apiKey().value()).isEqualTo("sk-secret");
        assertThat(backends).extracting(BackendSettings::repeatsAmbiguous).containsExactly(true, true, false);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            accounting: {userDayBudget: 10} | usagePrices: "* output_tokens=0.00003" | the model gpt-image-2
            accounting: {userBudgets: mary=-/5} | usagePrices: "* output_tokens=0.00003", prices: gpt-image-2 1024x1024=0.2 | the model gpt-image-2
            accounting: {} | usagePrices: "* output_tokens=0.00003", monthBudget: 5, prices: other=0.2 | the model gpt-image-2""")
    void budgetsNeedAPriceThatIsKnownBeforeTheSubmission(String accounting, String prices, String model) {
        assertThatThrownBy(() -> load(pricedBackend(accounting, prices)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("prices")
                .hasMessageContaining(model);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            accounting: {} | usagePrices: "* output_tokens=0.00003"
            accounting: {userDayBudget: 10} | prices: gpt-image-2 1024x1024=0.2
            accounting: {userDayBudget: 10} | usagePrices: "* output_tokens=0.00003", prices: gpt-image-2=0.2""")
    void acceptsPrices(String accounting, String prices) {
        assertThat(load(pricedBackend(accounting, prices)).backends()).hasSize(1);
    }

    private static String pricedBackend(String accounting, String prices) {
        return "%s%nbackends:%n  openai: {url: https://api.openai.com/v1, model: gpt-image-2, %s}%n"
                .formatted(accounting, prices);
    }

    @Test
    void meteredServicesDoNotRepeatAndKeepToTheirConcurrency() {
        // when
        List<BackendSettings> backends = load("""
                backends:
                  bfl: {type: bfl, url: "https://api.bfl.ai"}
                  bfl-8: {type: bfl, url: "https://api.bfl.ai", concurrency: 8}
                  stability: {type: stability, url: "https://api.stability.ai"}
                """).backends();

        // then
        assertThat(backends).extracting(BackendSettings::repeatsAmbiguous).containsOnly(false);
        assertThat(backends).extracting(backend -> backend.maxConcurrency(100)).containsExactly(24, 8, 100);
        assertThat(backends.get(0).maxConcurrency(5)).isEqualTo(5);
    }

    @Test
    void modelsListTheirBackendsInTheOrderOfTheFile() {
        // when
        List<ModelSettings> models = load(BACKENDS + """
                models:
                  flux: gpu-1/flux.1-dev = 3, forge=1
                  gpt-image-2: openai
                """.replace(" = ", "=")).models();

        // then
        assertThat(models)
                .containsExactly(
                        new ModelSettings(
                                "flux",
                                "flux",
                                List.of(new Target("gpu-1", "flux.1-dev", 3), new Target("forge", "flux", 1))),
                        new ModelSettings(
                                "gpt-image-2", "gpt-image-2", List.of(new Target("openai", "gpt-image-2", null))));
        assertThat(models).extracting(ModelSettings::weighted).containsExactly(true, false);
    }

    @Test
    void withoutModelsAllBackendsMakeAllGenerations() {
        // then
        assertThat(load(BACKENDS).models())
                .containsExactly(new ModelSettings(
                        "default",
                        null,
                        List.of(
                                new Target("gpu-1", null, null),
                                new Target("forge", null, null),
                                new Target("openai", null, null))));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            models: {m: other}               | models.m: expected a backend named in backends, not other, got "other"
            'models: {m: "gpu-1=3, forge"}'  | models.m: expected a weight for each backend, or for none, got "gpu-1=3, forge"
            'models: {m: "gpu-1, gpu-1"}'    | models.m: expected each backend once, got "gpu-1, gpu-1"
            models: {m: gpu-1=0}             | models.m: expected weights from 1 to 1000, got "gpu-1=0"
            models: {m: ""}                  | models.m: expected backends such as comfy-1, openai/gpt-image-2, or with weights, comfy-1=3, comfy-2=1, got nothing
            models: {"a b": gpu-1}           | models.a b: expected a model name of 1 to 200 letters, digits and _ . : / @ -, got "gpu-1"
            """)
    void reportsInvalidModels(String yaml, String expected) {
        assertThat(SettingsTestLoader.errorOf(environment(BACKENDS + yaml)))
                .isEqualTo(directory.resolve("darkroom.yaml") + ": " + expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            backends: {x: {timeout: 5s}}                        | backends.x.url (DARKROOM_BACKENDS_X_URL): expected the URL of the AI server, got nothing
            backends: {x: {url: 'http://a/v1', timeout: 5}}     | FILE: backends.x.timeout: expected a duration such as 250ms, 1s or 15m, got "5"
            backends: {x: {url: 'http://a/v1', urll: b}}        | FILE: unknown setting "backends.x.urll"; did you mean "backend.url"?
            backends: {x: {url: 'http://a/v1', name: b}}        | FILE: unknown setting "backends.x.name"; did you mean "backend.name"?
            backends: {X: {url: 'http://a/v1'}}                 | FILE: unknown setting "backends.X.url"; did you mean "backend.url"?
            """)
    void reportsInvalidBackends(String yaml, String expected) {
        assertThat(SettingsTestLoader.errorOf(environment(yaml)))
                .isEqualTo(expected.replace(
                        "FILE", directory.resolve("darkroom.yaml").toString()));
    }
}
