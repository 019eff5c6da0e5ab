package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Response schemas allow further fields in the contract and reject them in the strict copy; request schemas always reject them. */
class StrictContractTest {
    private static final Set<String> REQUESTS = Set.of(
            "GenerationRequest",
            "InputImage",
            "OpenAiImageReference",
            "WebhookRequest",
            "WebhookUpdate",
            "CallbackReport",
            "PredictionRequest",
            "ModelPredictionRequest",
            "RedeliverRequest",
            "Acknowledgement");
    private static final OpenApiFile OPEN = OpenApiFile.read();
    private static final OpenApiFile STRICT = OpenApiFile.readStrict();

    private static JsonNode schema(OpenApiFile file, String name) {
        return file.at("/components/schemas/" + name);
    }

    private static ObjectNode example(String name) {
        return OPEN.at("/components/examples/" + name + "/value").deepCopy();
    }

    @Test
    void onlyRequestsRejectUnknownFields() {
        List<String> closed = new ArrayList<>();
        OPEN.at("/components/schemas").properties().forEach(entry -> {
            if (entry.getValue().path("additionalProperties").isBoolean()
                    && !entry.getValue().path("additionalProperties").asBoolean()) {
                closed.add(entry.getKey());
            }
        });
        assertThat(closed).containsExactlyInAnyOrderElementsOf(REQUESTS);
        OPEN.requestBodies()
                .forEach((name, body) -> assertThat(OPEN.resolved(body.path("schema"))
                                .path("additionalProperties")
                                .asText())
                        .as(name)
                        // Further members of this body are parameters of the model, which rejects unknown ones.
                        .isEqualTo(String.valueOf(name.contains("/v1/images/"))));
    }

    static Stream<String> responseSchemas() {
        return OPEN.responseBodies().values().stream()
                .map(body -> body.at("/schema/$ref").asText())
                // The OpenAPI document is no message of the service and has no schema.
                .filter(reference -> !reference.isEmpty())
                .distinct();
    }

    @ParameterizedTest
    @MethodSource("responseSchemas")
    void onlyTheStrictCopyRejectsUndescribedField(String reference) {
        // given
        JsonNode body = OPEN.responseBodies().values().stream()
                .filter(candidate -> candidate.at("/schema/$ref").asText().equals(reference))
                .findFirst()
                .orElseThrow();
        ObjectNode example = OPEN.examples(body).get(0).deepCopy();
        assertThat(STRICT.isValid(body.get("schema"), example)).isTrue();

        // when
        example.put("addedLater", true);

        // then
        assertThat(OPEN.isValid(body.get("schema"), example)).isTrue();
        assertThat(STRICT.isValid(body.get("schema"), example)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "Generation, Complete, imageUrls",
        "Generation, Complete, images",
        "Generation, Complete, completedAt",
        "Generation, Failed, error",
        "Generation, Failed, completedAt",
        "Webhook, DisabledWebhook, disabledAt",
        "WebhookWithSecret, CreatedWebhook, secret",
        "WebhookWithSecret, CreatedWebhook, url"
    })
    void strictCopyRequiresFieldsOfTheState(String schema, String example, String field) {
        assertInvalidAfter(schema, example, changed -> changed.remove(field));
    }

    @ParameterizedTest
    @CsvSource({
        "Generation, Pending, completedAt",
        "Generation, Complete, estimatedStart",
        "Webhook, Webhook, disabledAt",
        "WebhookWithSecret, CreatedWebhook, disabledAt",
        "Delivery, Delivery, endedAt"
    })
    void strictCopyRejectsFieldOfAnotherState(String schema, String example, String field) {
        assertInvalidAfter(schema, example, changed -> changed.put(field, "2026-11-23T10:15:30.000Z"));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-23T10:15:30Z",
        "2026-11-23T10:15:30.000+00:00",
        "2026-11-23T10:15:30.000000Z",
        "2026-11-23 10:15:30.000Z"
    })
    void strictCopyRequiresTimestampsInUtcWithMilliseconds(String time) {
        assertInvalidAfter("Generation", "Pending", changed -> changed.put("createdAt", time));
    }

    @Test
    void strictCopyValidatesAttempts() {
        assertInvalidAfter(
                "Generation", "Pending", changed -> ((ObjectNode) changed.at("/attempts/0")).put("class", "NOT_SENT"));
        assertInvalidAfter(
                "Generation", "Pending", changed -> ((ObjectNode) changed.at("/attempts/0")).remove("error"));
        assertInvalidAfter(
                "Generation", "Pending", changed -> ((ObjectNode) changed.at("/attempts/1")).put("counted", true));
    }

    @ParameterizedTest
    @CsvSource({"GenerationPage", "NotificationPage", "WebhookPage", "DeliveryPage"})
    void everyPageHasItemsAndOptionalNextCursor(String name) {
        JsonNode page = schema(OPEN, name);
        assertThat(page.path("required").toString()).contains("items").doesNotContain("nextCursor");
        assertThat(page.at("/properties/nextCursor/$ref").asText()).isEqualTo("#/components/schemas/NextCursor");
    }

    @Test
    void everyListOperationHasLimitAndCursor() {
        OPEN.operations().forEach((name, operation) -> {
            if (operation.path("operationId").asText().startsWith("list")) {
                List<String> parameters = new ArrayList<>();
                operation
                        .path("parameters")
                        .forEach(parameter -> parameters.add(
                                OPEN.resolved(parameter).path("name").asText()));
                assertThat(parameters).as(name).contains("limit", "cursor");
            }
        });
    }

    @Test
    void hasOneTimestampSchema() {
        List<String> others = new ArrayList<>();
        OPEN.at("/components/schemas").properties().forEach(entry -> {
            if (!entry.getKey().equals("Timestamp")
                    && entry.getValue().findValuesAsText("format").contains("date-time")) {
                others.add(entry.getKey());
            }
        });
        assertThat(others).isEmpty();
        assertThat(schema(OPEN, "Timestamp").has("pattern"))
                .as("code generators fail: they apply a pattern to the parsed time")
                .isFalse();
    }

    private static void assertInvalidAfter(String schema, String example, Consumer<ObjectNode> change) {
        ObjectNode value = example(example);
        assertThat(STRICT.isValid(schema(STRICT, schema), value)).isTrue();
        change.accept(value);
        assertThat(STRICT.isValid(schema(STRICT, schema), value))
                .as(value.toString())
                .isFalse();
    }
}
