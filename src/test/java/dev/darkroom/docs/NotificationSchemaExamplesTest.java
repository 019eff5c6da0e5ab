package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Validates the example messages of the notification pages against the schemas, and the signature of their webhook. */
class NotificationSchemaExamplesTest {
    private static final String PAGES =
            read(Path.of("docs/notifications-design.md")) + read(Path.of("docs/schemas/notification-examples.md"));
    private static final JsonObject SCHEMAS = new JsonObject(read(Path.of("docs/schemas/notifications.schema.json")));
    private static final Pattern EXAMPLE =
            Pattern.compile("<!-- schema: (\\w+) -->\n```json\n(.*?)\n```", Pattern.DOTALL);
    private static final Map<String, String> SCHEMA_OF_EVENT = Map.of(
            "notification",
            "Notification",
            "ping",
            "Ping",
            "unreadState",
            "UnreadState",
            "reset",
            "Reset",
            "close",
            "Close");

    private record Example(String schema, JsonObject message) {
        @Override
        public String toString() {
            return schema + " " + message.encode();
        }
    }

    static Stream<Example> examples() {
        return EXAMPLE.matcher(PAGES)
                .results()
                .map(found -> new Example(found.group(1), new JsonObject(found.group(2))));
    }

    /** Returns the events of the example stream. */
    static Stream<Example> streamEvents() {
        List<Example> frames = new ArrayList<>();
        for (String frame : block("sse").split("\n\n")) {
            String event = field(frame, "event");
            if (event != null) {
                frames.add(new Example(SCHEMA_OF_EVENT.get(event), new JsonObject(field(frame, "data"))));
            }
        }
        return frames.stream();
    }

    @ParameterizedTest
    @MethodSource({"examples", "streamEvents"})
    void exampleMatchesItsSchema(Example example) {
        OutputUnit result = validate(example.schema(), example.message());

        assertThat(result.getValid()).as(String.valueOf(result.getErrors())).isTrue();
    }

    @ParameterizedTest
    @MethodSource({"examples", "streamEvents"})
    void schemaRejectsMissingField(Example example) {
        List<String> required = required(example);
        assertThat(required).isNotEmpty();
        for (String field : required) {
            JsonObject without = example.message().copy();
            without.remove(field);

            assertThat(validate(example.schema(), without).getValid())
                    .as("without " + field)
                    .isFalse();
        }
    }

    @Test
    void everyExampleNamesItsSchema() {
        long blocks = PAGES.lines().filter("```json"::equals).count();
        TreeSet<String> shown = new TreeSet<>();
        Stream.concat(examples(), streamEvents()).forEach(example -> shown.add(example.schema()));

        assertThat(examples()).hasSize((int) blocks);
        assertThat(shown)
                .contains("Notification", "InboxPage", "AckRequest", "AckReply", "Ticket", "WebhookBody", "CloudEvent")
                .contains("SocketServerFrame", "SocketClientFrame", "GenerationEvent")
                .containsAll(SCHEMA_OF_EVENT.values());
        assertThat(SCHEMAS.getJsonObject("$defs").fieldNames()).containsAll(shown);
    }

    @Test
    void schemaAcceptsUnknownType() {
        JsonObject unknown = examples().findFirst().orElseThrow().message();
        unknown.put("type", "generation.liked")
                .put("data", new JsonObject().put("by", 3))
                .put("new", true);

        assertThat(validate("Notification", unknown).getValid()).isTrue();
    }

    @Test
    void eventIdEndsWithSequenceNumber() {
        String frame = block("sse").split("\n\n")[1];

        assertThat(field(frame, "id")).endsWith("-" + new JsonObject(field(frame, "data")).getInteger("seq"));
        assertThat(block("sse").split("\n\n")[0].lines())
                .as("the first event sets the id and has no data")
                .anyMatch(line -> line.startsWith("id: "))
                .contains("data:");
    }

    @Test
    void webhookSignatureIsValid() throws GeneralSecurityException {
        String headers = block("webhook-signature");
        Matcher body = Pattern.compile("<!-- schema: WebhookBody -->\n```json\n(.*?)\n```", Pattern.DOTALL)
                .matcher(PAGES);
        assertThat(body.find()).isTrue();
        Matcher secret = Pattern.compile("whsec_([A-Za-z0-9+/=]+)").matcher(PAGES);
        assertThat(secret.find()).isTrue();

        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.group(1)), "HmacSHA256"));
        String signed =
                String.join(".", field(headers, "webhook-id"), field(headers, "webhook-timestamp"), body.group(1));
        byte[] signature = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));

        assertThat(field(headers, "webhook-signature"))
                .isEqualTo("v1," + Base64.getEncoder().encodeToString(signature));
    }

    private static OutputUnit validate(String schema, JsonObject message) {
        JsonObject whole = SCHEMAS.copy().put("$ref", "#/$defs/" + schema);
        JsonSchemaOptions options =
                new JsonSchemaOptions().setBaseUri("https://darkroom.dev/").setDraft(Draft.DRAFT202012);
        return Validator.create(JsonSchema.of(whole), options).validate(message);
    }

    private static List<String> required(Example example) {
        JsonObject schema = SCHEMAS.getJsonObject("$defs").getJsonObject(example.schema());
        if (schema.containsKey("oneOf")) {
            return List.copyOf(example.message().fieldNames()).stream()
                    .filter(field ->
                            !List.of("ticket", "lastEventId", "subscriber").contains(field))
                    .toList();
        }
        return schema.getJsonArray("required").stream().map(String.class::cast).toList();
    }

    private static String block(String name) {
        Matcher found = Pattern.compile("<!-- " + name + " -->\n```text\n(.*?)```", Pattern.DOTALL)
                .matcher(PAGES);
        assertThat(found.find()).as(name).isTrue();
        return found.group(1);
    }

    /** Returns the value of a line {@code name: value}, or null when there is none. */
    private static String field(String lines, String name) {
        return lines.lines()
                .filter(line -> line.startsWith(name + ": "))
                .map(line -> line.substring(name.length() + 2))
                .findFirst()
                .orElse(null);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
