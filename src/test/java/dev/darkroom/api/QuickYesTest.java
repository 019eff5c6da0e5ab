package dev.darkroom.api;

import static org.assertj.core.api.Assertions.assertThat;

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
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What is told yes at once, the library would have accepted. */
class QuickYesTest {
    private static Vertx vertx;
    private static Predicate<Object> quickYes;
    private static Validator library;

    @BeforeContainer
    static void load() throws Exception {
        vertx = Vertx.vertx();
        Contract contract = ContractLoader.api(vertx)
                .toCompletionStage()
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        JsonSchema schema = contract.parsed()
                .operation("createGeneration")
                .getRequestBody()
                .getContent()
                .get(MediaType.APPLICATION_JSON)
                .getSchema();
        quickYes = QuickYes.to(schema);
        library = contract.parsed().getSchemaRepository().validator(schema);
    }

    @AfterContainer
    static void close() {
        vertx.close();
    }

    private record Field(String name, Object value) {}

    /** Requests whose fields are those of good and bad ones, thrown together, some under another's name. */
    @Provide
    Arbitrary<JsonObject> requests() {
        List<Field> known = Stream.concat(RequestCorpus.good().stream(), RequestCorpus.bad().stream())
                .flatMap(request -> JsonBody.parse(Buffer.buffer(request.body())).stream())
                .map(field -> new Field(field.getKey(), field.getValue()))
                .toList();
        Arbitrary<Field> fields = Arbitraries.of(known);
        Arbitrary<Field> misplaced =
                Combinators.combine(fields, fields).as((name, value) -> new Field(name.name(), value.value()));
        Arbitrary<JsonObject> beginnings =
                Arbitraries.of("{\"prompt\":\"x\"}", "{}").map(JsonObject::new);
        Arbitrary<List<Field>> more = Arbitraries.frequencyOf(Tuple.of(9, fields), Tuple.of(1, misplaced))
                .list()
                .ofMaxSize(6);
        return Combinators.combine(beginnings, more).as((request, chosen) -> {
            chosen.forEach(field -> request.put(field.name(), field.value()));
            return request;
        });
    }

    @Property(tries = 5_000)
    void aYesIsAlwaysTheLibrarysToo(@ForAll("requests") JsonObject request) {
        // when
        boolean yes = quickYes.test(request);

        // then
        assertThat(!yes || library.validate(request).getValid())
                .as(request.encode())
                .isTrue();
    }

    @Example
    void whatIsGoodGetsAYesUnlessItsNumbersAreWrittenStrangely() {
        assertThat(RequestCorpus.good())
                .filteredOn(request -> !request.body().matches(".*[0-9][.eE].*"))
                .hasSizeGreaterThan(20)
                .allMatch(request -> quickYes.test(JsonBody.parse(Buffer.buffer(request.body()))));
    }

    @Example
    void aKeywordThatIsNotKnownGetsNoYes() {
        // given
        JsonObject schema = new JsonObject().put("type", "integer");

        // then
        assertThat(QuickYes.to(JsonSchema.of(schema)).test(2)).isTrue();
        assertThat(QuickYes.to(JsonSchema.of(schema.copy().put("multipleOf", 2)))
                        .test(2))
                .isFalse();
    }
}
