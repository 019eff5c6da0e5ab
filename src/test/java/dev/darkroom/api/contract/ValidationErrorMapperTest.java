package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.openapi.contract.Parameter;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages for schemas that {@link RequestBodyCorpus} does not cover. */
class ValidationErrorMapperTest {

    @Test
    void reportsOnlyTheDeepestError() {
        // given
        JsonObject schema = object("outer", object("inner", new JsonObject().put("type", "boolean")));

        // then
        assertThat(errors(schema, "{\"outer\":{\"inner\":1}}")).containsExactly("#/outer/inner must be a boolean");
    }

    @Test
    void doesNotReportInvalidFieldAsUnknown() {
        // given
        JsonObject schema = object("known", new JsonObject().put("type", "array"));

        // then
        assertThat(errors(schema, "{\"known\":1,\"unknown\":1}"))
                .containsExactly("#/known must be an array", "#/unknown is not a known field");
    }

    @Test
    void reportsUnknownFieldWithNameSimilarToInvalidField() {
        // given
        JsonObject schema = object("width", new JsonObject().put("type", "integer"));

        // then
        assertThat(errors(schema, "{\"widths\":1,\"width\":\"1\",\"wid\":2}"))
                .containsExactly(
                        "#/width must be an integer", "#/widths is not a known field", "#/wid is not a known field");
    }

    @Test
    void namesTheAllowedValues() {
        // given
        JsonObject schema = object("format", new JsonObject().put("enum", JsonArray.of("url", "b64_json", null)));

        // then
        assertThat(errors(schema, "{\"format\":\"png\"}")).containsExactly("#/format must be url or b64_json");
    }

    @Test
    void namesTheAllowedNumberOfEntries() {
        // given
        JsonObject schema = object(
                "images",
                new JsonObject().put("type", "array").put("minItems", 1).put("maxItems", 2));

        // then
        assertThat(errors(schema, "{\"images\":[]}")).containsExactly("#/images must have at least 1 entries");
        assertThat(errors(schema, "{\"images\":[1,2,3]}")).containsExactly("#/images must have at most 2 entries");
    }

    @Test
    void reportsOneErrorPerLocation() {
        // given
        JsonObject schema = object(
                "name",
                new JsonObject().put("type", "string").put("minLength", 3).put("pattern", "^[a-z]+$"));

        // then
        assertThat(errors(schema, "{\"name\":\"1\"}")).containsExactly("#/name must be at least 3 characters long");
    }

    @Test
    void namesKeywordWithoutMessage() {
        // given
        JsonObject schema = object("size", new JsonObject().put("multipleOf", 8));

        // then
        assertThat(errors(schema, "{\"size\":9}")).containsExactly("#/size does not match the schema (multipleOf)");
    }

    @Test
    void pointsToMissingField() {
        // given
        JsonObject schema =
                object("outer", object("inner", new JsonObject()).put("required", new JsonArray().add("inner")));

        // then
        assertThat(errors(schema, "{\"outer\":{}}")).containsExactly("#/outer/inner is required");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'type':'string','format':'uuid'} | must be a UUID",
                "{'type':'integer','minimum':1,'maximum':7} | must be an integer between 1 and 7",
                "{'type':'integer','minimum':1} | must be an integer of at least 1",
                "{'type':'integer'} | must be an integer",
                "{'type':'boolean'} | must be a boolean",
                "{'type':'string','enum':['a','b','c']} | must be a, b or c",
                "{'type':'string','enum':['a']} | must be a",
                "{'type':'string','const':'x'} | must be x",
                "{'type':'string','minLength':2,'maxLength':9} | must have 2 to 9 characters",
                "{'type':'string','maxLength':9} | must have at most 9 characters",
                "{'type':'string','pattern':'^a+$'} | must match the pattern ^a+$",
                "{'type':'string'} | does not match the schema",
            })
    void describesNewParameterByItsSchema(String schema, String expected) {
        assertThat(ValidationErrorMapper.describeParameter(
                        "brandNew",
                        CompiledSchema.compile(JsonSchema.of(new JsonObject(schema.replace('\'', '"'))))
                                .node()))
                .isEqualTo(expected);
    }

    @Test
    void describesOnlyUuidParametersAsUuid() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            List<Parameter> parameters = Stream.of(
                            ContractLoader.load(vertx).map(ContractLoader.Contracts::api),
                            ContractLoader.load(vertx).map(ContractLoader.Contracts::management))
                    .flatMap(contract -> contract.await().openApi().operations().stream())
                    .flatMap(operation -> operation.getParameters().stream())
                    .toList();
            assertThat(parameters)
                    .hasSizeGreaterThan(20)
                    .filteredOn(parameter -> ValidationErrorMapper.describeParameter(
                                    parameter.getName(),
                                    CompiledSchema.compile(parameter.getSchema())
                                            .node())
                            .equals("must be a UUID"))
                    .isNotEmpty()
                    .allSatisfy(parameter -> assertThat(
                                    new JsonObject(parameter.getSchema().toString()).getString("format"))
                            .as(parameter.getName())
                            .isEqualTo("uuid"));
        } finally {
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    private static JsonObject object(String field, JsonObject schema) {
        return new JsonObject()
                .put("type", "object")
                .put("additionalProperties", false)
                .put("properties", new JsonObject().put(field, schema));
    }

    private static List<String> errors(JsonObject schema, String body) {
        CompiledSchema compiled = CompiledSchema.compile(JsonSchema.of(schema));
        return ValidationErrorMapper.toValidationErrors(compiled.validate(new JsonObject(body))).stream()
                .map(error -> error.pointer() + " " + error.detail())
                .toList();
    }
}
