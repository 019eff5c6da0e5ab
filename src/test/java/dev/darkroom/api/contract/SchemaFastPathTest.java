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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The fast path accepts only values that the schema library accepts. */
class SchemaFastPathTest {
    private static Vertx vertx;
    private static Predicate<Object> fastPath;
    private static Validator library;

    @BeforeAll
    static void load() throws Exception {
        vertx = Vertx.vertx();
        ApiContract apiContract = ContractLoader.loadApi(vertx)
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
        fastPath = SchemaFastPath.compile(schema);
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
    void acceptsOnlyValuesThatTheLibraryAccepts() {
        // given
        List<Field> known = Stream.concat(RequestBodyCorpus.valid().stream(), RequestBodyCorpus.invalid().stream())
                .flatMap(request -> JsonBodyParser.parse(Buffer.buffer(request.body())).stream())
                .map(field -> new Field(field.getKey(), field.getValue()))
                .toList();

        // then
        SeededCases.check(5_000, random -> {
            JsonObject request = request(random, known);
            boolean accepted = fastPath.test(request);
            assertThat(!accepted || library.validate(request).getValid())
                    .as(request.encode())
                    .isTrue();
        });
    }

    @Test
    void acceptsValidRequestsWithPlainIntegers() {
        assertThat(RequestBodyCorpus.valid())
                .filteredOn(request -> !request.body().matches(".*[0-9][.eE].*"))
                .hasSizeGreaterThan(20)
                .allMatch(request -> fastPath.test(JsonBodyParser.parse(Buffer.buffer(request.body()))));
    }

    @Test
    void rejectsSchemaWithUnknownKeyword() {
        // given
        JsonObject schema = new JsonObject().put("type", "integer");

        // then
        assertThat(SchemaFastPath.compile(JsonSchema.of(schema)).test(2)).isTrue();
        assertThat(SchemaFastPath.compile(JsonSchema.of(schema.copy().put("multipleOf", 2)))
                        .test(2))
                .isFalse();
    }
}
