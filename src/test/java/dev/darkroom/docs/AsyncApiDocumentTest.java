package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.darkroom.backend.executor.BackendEventPublisher;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.testing.AsyncApiMessageValidator;
import dev.darkroom.testing.SseParser.Frame;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Validates {@code docs/asyncapi.yaml} and compares its channels with {@code openapi.yaml} and the event bus. */
class AsyncApiDocumentTest {
    private static final JsonNode DOCUMENT = AsyncApiMessageValidator.document();

    private static JsonNode contract() throws IOException {
        return new YAMLMapper().readTree(Files.readString(Path.of("openapi.yaml")));
    }

    private static JsonObject json(JsonNode node) {
        return new JsonObject(node.toString());
    }

    static Stream<String> messages() {
        List<String> names = new ArrayList<>();
        DOCUMENT.at("/components/messages").fieldNames().forEachRemaining(names::add);
        return names.stream();
    }

    @Test
    void documentIsValidAsyncApi() throws IOException {
        // given
        JsonObject schema =
                new JsonObject(Files.readString(Path.of("src/test/resources/asyncapi/asyncapi-3.0.0.json")));
        JsonSchemaOptions options = new JsonSchemaOptions()
                .setBaseUri("https://asyncapi.example/")
                .setDraft(Draft.DRAFT7)
                .setOutputFormat(OutputFormat.Basic);
        Validator validator = Validator.create(JsonSchema.of(schema), options);

        // when
        OutputUnit result = validator.validate(json(DOCUMENT));

        // then
        assertThat(result.getValid()).as(String.valueOf(result.getErrors())).isTrue();
        JsonObject broken = json(DOCUMENT);
        broken.getJsonObject("operations").getJsonObject("streamNotifications").put("action", "shout");
        assertThat(validator.validate(broken).getValid())
                .as("the schema rejects an invalid document")
                .isFalse();
    }

    @Test
    void everyReferenceResolves() {
        DOCUMENT.findParents("$ref")
                .forEach(node -> assertThat(AsyncApiMessageValidator.resolveReference(node))
                        .isNotNull());
        assertThat(DOCUMENT.findValues("$ref")).hasSizeGreaterThan(50);
    }

    @ParameterizedTest
    @MethodSource("messages")
    void exampleMatchesItsSchema(String name) {
        JsonNode message = DOCUMENT.at("/components/messages/" + name);
        assertThat(message.path("examples").size()).as("examples").isPositive();
        for (JsonNode example : message.get("examples")) {
            AsyncApiMessageValidator.assertFits(name, message.get("payload"), json(example.get("payload")));
            if (message.has("headers")) {
                AsyncApiMessageValidator.assertFits(name, message.get("headers"), json(example.get("headers")));
            }
            JsonObject without = json(example.get("payload"));
            without.remove(without.fieldNames().iterator().next());
            assertThatThrownBy(() -> AsyncApiMessageValidator.assertFits(name, message.get("payload"), without))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void everyMessageHasChannelAndOperation() {
        Set<String> used = new TreeSet<>();
        Set<String> onChannels = new TreeSet<>();
        DOCUMENT.get("channels")
                .fields()
                .forEachRemaining(channel -> channel.getValue()
                        .get("messages")
                        .fields()
                        .forEachRemaining(message -> {
                            onChannels.add("#/channels/" + channel.getKey() + "/messages/" + message.getKey());
                            used.add(message.getValue().get("$ref").asText());
                            assertThat(AsyncApiMessageValidator.resolveReference(message.getValue())
                                            .get("name")
                                            .asText())
                                    .isEqualTo(message.getKey());
                        }));
        Set<String> inOperations = new TreeSet<>();
        DOCUMENT.get("operations")
                .forEach(operation -> operation
                        .get("messages")
                        .forEach(message -> inOperations.add(message.get("$ref").asText())));

        assertThat(used)
                .containsExactlyInAnyOrderElementsOf(
                        messages().map(name -> "#/components/messages/" + name).toList());
        assertThat(inOperations).isEqualTo(onChannels);
    }

    @Test
    void channelsMatchContractAndEventBus() throws IOException {
        // given the operations of the contract that stream or upgrade to a WebSocket
        Set<String> expected = new TreeSet<>(Set.of(
                GenerationBus.EVENTS,
                NotificationBus.EVENTS,
                BackendEventPublisher.ADDRESS,
                SettingsLoader.load(Map.of(), Path.of("/nowhere/at/all"))
                        .settings()
                        .kafka()
                        .topic()));
        contract().get("paths").fields().forEachRemaining(path -> {
            JsonNode responses = path.getValue().path("get").path("responses");
            if (responses.path("200").path("content").has("text/event-stream") || responses.has("101")) {
                expected.add(path.getKey());
            }
        });

        // then
        Set<String> described = new TreeSet<>();
        DOCUMENT.get("channels").forEach(channel -> {
            if (!channel.get("address").isNull()) {
                described.add(channel.get("address").asText());
            }
        });
        assertThat(described).isEqualTo(expected);
    }

    @Test
    void streamEventsMatchContract() throws IOException {
        JsonNode paths = contract().get("paths");
        for (JsonNode channel : DOCUMENT.get("channels")) {
            JsonNode events = paths.path(channel.get("address").asText())
                    .at("/get/responses/200/content/text~1event-stream/x-events");
            if (!events.isMissingNode()) {
                assertThat(channel.get("messages").fieldNames())
                        .toIterable()
                        .containsExactlyInAnyOrderElementsOf(() -> events.fieldNames());
            }
        }
    }

    @Test
    void validatesMessageAgainstItsChannel() {
        String notification = DOCUMENT.at("/components/messages/StreamNotification/examples/0/payload")
                .toString();
        JsonObject backend = json(DOCUMENT.at("/components/messages/BusBackendEvent/examples/0/payload"));
        JsonNode webhook = DOCUMENT.at("/components/messages/WebhookDelivery/examples/0");
        Map<String, String> headers = Map.of(
                "Webhook-Id", "msg_1",
                "Webhook-Timestamp", "1795456932",
                "Webhook-Signature", webhook.at("/headers/webhook-signature").asText());

        AsyncApiMessageValidator.validateSse(new Frame("7f3a2b9c-16", "message", ""));
        AsyncApiMessageValidator.validateSse(new Frame("7f3a2b9c-17", "notification", notification));
        AsyncApiMessageValidator.validateGenerationSse(new Frame("3", "ping", "{\"at\":\"2026-11-23T18:02:30.000Z\"}"));
        AsyncApiMessageValidator.validateBusEvent(BackendEventPublisher.ADDRESS, backend);
        AsyncApiMessageValidator.validateWebhook(headers, json(webhook.get("payload")));
        AsyncApiMessageValidator.validateClientFrame(JsonObject.of("op", "ack", "seq", 17));
        AsyncApiMessageValidator.validateServerFrame(
                JsonObject.of("event", "notification", "id", "7f3a2b9c-17", "data", new JsonObject(notification)));

        assertRejected(() -> AsyncApiMessageValidator.validateSse(new Frame("", "message", "{}")));
        assertRejected(() -> AsyncApiMessageValidator.validateSse(new Frame("", "news", notification)));
        assertRejected(() -> AsyncApiMessageValidator.validateSse(new Frame("", "ping", "{}")));
        assertRejected(() ->
                AsyncApiMessageValidator.validateBusEvent(BackendEventPublisher.ADDRESS, new JsonObject(notification)));
        assertRejected(() -> AsyncApiMessageValidator.validateBusEvent("darkroom.generation.wake", backend));
        assertRejected(() -> AsyncApiMessageValidator.validateWebhook(Map.of(), json(webhook.get("payload"))));
        assertRejected(() -> AsyncApiMessageValidator.validateClientFrame(JsonObject.of("op", "ack")));
        assertRejected(() -> AsyncApiMessageValidator.validateServerFrame(JsonObject.of("event", "ping")));
    }

    private static void assertRejected(Runnable check) {
        assertThatThrownBy(check::run).isInstanceOf(AssertionError.class);
    }
}
