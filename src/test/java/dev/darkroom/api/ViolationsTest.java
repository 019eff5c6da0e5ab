package dev.darkroom.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a validator says, in words. The whole request has its corpus elsewhere; here are the shapes that it does not have. */
class ViolationsTest {

    @Test
    void onlyTheLastStepOfTheWayIsTold() {
        // given
        JsonObject schema = object("outer", object("inner", new JsonObject().put("type", "boolean")));

        // then
        assertThat(told(schema, "{\"outer\":{\"inner\":1}}")).containsExactly("#/outer/inner must be a boolean");
    }

    @Test
    void aFieldThatIsWrongIsNotCalledUnknownAsWell() {
        // given
        JsonObject schema = object("known", new JsonObject().put("type", "array"));

        // then
        assertThat(told(schema, "{\"known\":1,\"unknown\":1}"))
                .containsExactly("#/known must be an array", "#/unknown is not a known field");
    }

    @Test
    void aFieldWithAlmostTheNameOfAWrongOneIsUnknownAllTheSame() {
        // given
        JsonObject schema = object("width", new JsonObject().put("type", "integer"));

        // then
        assertThat(told(schema, "{\"widths\":1,\"width\":\"1\",\"wid\":2}"))
                .containsExactly(
                        "#/width must be an integer", "#/widths is not a known field", "#/wid is not a known field");
    }

    @Test
    void oneThingIsToldForEachPlace() {
        // given
        JsonObject schema = object(
                "name",
                new JsonObject().put("type", "string").put("minLength", 3).put("pattern", "^[a-z]+$"));

        // then
        assertThat(told(schema, "{\"name\":\"1\"}")).containsExactly("#/name must be at least 3 characters long");
    }

    @Test
    void aRuleWithoutSentenceIsNamed() {
        // given
        JsonObject schema = object("size", new JsonObject().put("multipleOf", 8));

        // then
        assertThat(told(schema, "{\"size\":9}")).containsExactly("#/size does not fit the contract (multipleOf)");
    }

    @Test
    void theFieldThatIsMissingIsPointedAt() {
        // given
        JsonObject schema =
                object("outer", object("inner", new JsonObject()).put("required", new JsonArray().add("inner")));

        // then
        assertThat(told(schema, "{\"outer\":{}}")).containsExactly("#/outer/inner is required");
    }

    @Test
    void aRefusalWithoutReasonIsStillARefusal() {
        // given
        OutputUnit silent = new OutputUnit(false).setErrors(List.of());

        // then
        assertThat(Violations.ofBody(silent, JsonSchema.of(new JsonObject())))
                .containsExactly(new Problem.FieldError("#", "does not fit the contract"));
    }

    private static JsonObject object(String field, JsonObject schema) {
        return new JsonObject()
                .put("type", "object")
                .put("additionalProperties", false)
                .put("properties", new JsonObject().put(field, schema));
    }

    private static List<String> told(JsonObject schema, String body) {
        JsonSchema parsed = JsonSchema.of(schema);
        Validator validator = Validator.create(
                parsed,
                new JsonSchemaOptions()
                        .setBaseUri("app://test")
                        .setDraft(Draft.DRAFT202012)
                        .setOutputFormat(OutputFormat.Basic));
        return Violations.ofBody(validator.validate(new JsonObject(body)), parsed).stream()
                .map(error -> error.pointer() + " " + error.detail())
                .toList();
    }
}
