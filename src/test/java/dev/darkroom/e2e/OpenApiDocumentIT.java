package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /openapi.yaml} and {@code /openapi.json}. */
class OpenApiDocumentIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests());

    @Test
    void yamlIsTheFile() throws Exception {
        assertThat(service.client().get("/openapi.yaml").body()).isEqualTo(Files.readAllBytes(Path.of("openapi.yaml")));
    }

    @Test
    void jsonIsTheSameDocument() throws Exception {
        byte[] yaml = service.client().get("/openapi.yaml").body();
        byte[] json = service.client().get("/openapi.json").body();

        assertThat(new JsonMapper().readTree(json)).isEqualTo(new YAMLMapper().readTree(yaml));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/openapi.yaml", "/openapi.json"})
    void unchangedDocumentIsNotSentAgain(String path) {
        // given
        ApiResponse first = service.client().get(path);

        // when
        ApiResponse second = service.client().send("GET", path, Map.of("If-None-Match", first.header("ETag")), null);

        // then
        assertThat(first.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(second.status()).isEqualTo(304);
        assertThat(second.body()).isEmpty();
    }
}
