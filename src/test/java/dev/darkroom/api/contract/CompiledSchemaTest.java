package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.RandomCase;
import dev.darkroom.testing.SeededCases;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.Validator;
import io.vertx.openapi.contract.MediaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the validator with the schema library of Vert.x, which interprets the same schema. */
class CompiledSchemaTest {
    private static Vertx vertx;
    private static CompiledSchema compiledSchema;
    private static Validator library;

    @BeforeAll
    static void load() throws Exception {
        vertx = Vertx.vertx();
        ApiContract apiContract = ContractLoader.load(vertx)
                .map(ContractLoader.Contracts::api)
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        JsonSchema schema = apiContract
                .openApi()
                .operation("createGeneration")
                .getRequestBody()
                .getContent()
                .get(MediaType.APPLICATION_JSON)
                .getSchema();
        compiledSchema = CompiledSchema.compile(schema);
        library = apiContract.openApi().getSchemaRepository().validator(schema);
    }

    @AfterAll
    static void close() {
        vertx.close();
    }

    private record Field(String name, Object value) {}

    /** Returns a request with fields of valid and invalid requests. One field in ten has the value of another field. */
    private static JsonObject request(RandomCase random, List<Field> known) {
        JsonObject request = new JsonObject(random.oneOf(List.of("{\"prompt\":\"x\"}", "{}")));
        for (int i = random.intBetween(0, 6); i > 0; i--) {
            Field field = random.oneOf(known);
            Field other = random.oneIn(10) ? random.oneOf(known) : field;
            request.put(field.name(), other.value());
        }
        return request;
    }

    @Test
    void agreesWithTheLibraryOfVertx() {
        // given
        List<Field> known = Stream.concat(RequestBodyCorpus.valid().stream(), RequestBodyCorpus.invalid().stream())
                .flatMap(request -> JsonBodyParser.parse(Buffer.buffer(request.body())).stream())
                .map(field -> new Field(field.getKey(), field.getValue()))
                .toList();

        // then
        SeededCases.check(5_000, random -> {
            JsonObject request = request(random, known);
            assertThat(compiledSchema.validate(request).isEmpty())
                    .as(request.encode())
                    .isEqualTo(library.validate(request).getValid());
        });
    }

    /** {@link CompiledSchema} does not record the path in the schema that these keywords need. */
    @Test
    void contractUsesNoUnevaluatedKeywords() throws IOException {
        assertThat(Files.readString(Path.of("openapi.yaml"))).doesNotContain("unevaluated");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "uuid | 6f1b3a52-5b0e-4a7e-9d0e-3a1d2c4b5a69 | true",
                "uuid | 6F1B3A52-5B0E-4A7E-9D0E-3A1D2C4B5A69 | true",
                "uuid | 6f1b3a525b0e4a7e9d0e3a1d2c4b5a69 | false",
                "uuid | x | false",
                "date-time | 2026-11-23T10:15:30Z | true",
                "date-time | 2026-11-23T10:15:30.123456+01:00 | true",
                "date-time | 2026-02-30T10:15:30Z | false",
                "date-time | 2026-11-23T10:15:30 | false",
                "date-time | 2026-11-23 | false",
            })
    void checksFormats(String format, String text, boolean valid) {
        // given
        JsonObject schema = new JsonObject().put("type", "string").put("format", format);

        // then
        assertThat(CompiledSchema.compile(JsonSchema.of(schema)).validate(text).isEmpty())
                .isEqualTo(valid);
    }
}
