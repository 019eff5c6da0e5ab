package dev.darkroom.generation.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.route.TestModels;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** JSON commands and replies of the public event-bus contract. */
class GenerationCommandJsonTest {
    private final GenerationCommandJson commandJson = new GenerationCommandJson(TestModels.catalog("flux"));

    private GenerationCommand<?> parse(String action, JsonObject body) {
        return commandJson.parse(
                MultiMap.caseInsensitiveMultiMap()
                        .add(CommandProtocol.VERSION_HEADER, CommandProtocol.VERSION)
                        .add(CommandProtocol.ACTION_HEADER, action),
                body);
    }

    private List<FieldError> errorsOf(String action, JsonObject body) {
        return catchThrowableOfType(InvalidCommandException.class, () -> parse(action, body))
                .errors();
    }

    private static JsonObject user() {
        return new JsonObject().put("user", "ada");
    }

    @Test
    void rejectsAUsageReportOfSomethingElseThanAUser() {
        for (Object value : List.of(7, true, "", new JsonArray())) {
            assertThatThrownBy(() ->
                            parse("getAllUsage", user().put("asAdmin", true).put("ofUser", value)))
                    .isInstanceOf(InvalidCommandException.class)
                    .hasMessage("ofUser must be the name of a user");
        }
    }

    static Stream<Arguments> unstorableText() {
        return Stream.of("a\u0000b", "a\ud800b", "\udc00")
                .flatMap(text -> Stream.of(
                        Arguments.of(new JsonObject().put("user", text), "#/user"),
                        Arguments.of(user().put("idempotencyKey", text), "#/idempotencyKey"),
                        Arguments.of(user().put("id", new JsonObject().put("a", text)), "#/id/a"),
                        Arguments.of(
                                user().put("id", new JsonObject().put("a", new JsonArray().add(text))), "#/id/a/0")));
    }

    @ParameterizedTest
    @MethodSource("unstorableText")
    void rejectsTextWithNulOrUnpairedSurrogate(JsonObject body, String pointer) {
        assertThat(errorsOf(GenerationBus.CREATE, body))
                .containsExactly(new FieldError(pointer, "must be well-formed text without NUL"));
    }

    @Test
    void acceptsAllOtherText() {
        // given
        JsonObject body = new JsonObject()
                .put("user", "\ud83d\ude00 \u0001")
                .put("id", TestGenerations.ID.toString())
                .put("waitMs", 1500);

        // then
        assertThat(parse(GenerationBus.GET, body))
                .isEqualTo(new GetGeneration(
                        new Requester("\ud83d\ude00 \u0001", false), TestGenerations.ID, Duration.ofMillis(1500)));
    }

    @Test
    void reportsWrongTypesAndInvalidValuesTogetherInTheOrderOfTheFields() {
        // given
        JsonObject request = new JsonObject()
                .put("webhookUrl", 1)
                .put("steps", 30)
                .put("metadata", new JsonObject().put("a", 1))
                .put("model", 7)
                .put("count", "two")
                .put("width", 1)
                .put("prompt", 5);

        // then
        assertThat(errorsOf(GenerationBus.CREATE, user().put("request", request)))
                .containsExactly(
                        new FieldError("#/steps", "is not a known field"),
                        new FieldError("#/prompt", "must be a string"),
                        new FieldError("#/width", "must be between 64 and 2048"),
                        new FieldError("#/count", "must be an integer"),
                        new FieldError("#/model", "is not a known model; known are flux"),
                        new FieldError("#/metadata", "must hold only well-formed strings without NUL"),
                        new FieldError("#/webhookUrl", "must be a string"));
    }

    @Test
    void formatsRejections() {
        assertThat(GenerationCommandJson.format(CommandReply.rejected(
                                RejectionReason.OVERLOADED, "the queue is full", Duration.ofSeconds(30)))
                        .encode())
                .isEqualTo("{\"error\":{\"code\":\"OVERLOADED\",\"message\":\"the queue is full\","
                        + "\"retryAfterSeconds\":30}}");
        assertThat(GenerationCommandJson.format(CommandReply.invalid(
                                "the request is not valid", List.of(new FieldError("#/prompt", "is required"))))
                        .encode())
                .isEqualTo("{\"error\":{\"code\":\"INVALID\",\"message\":\"the request is not valid\","
                        + "\"errors\":[{\"pointer\":\"#/prompt\",\"detail\":\"is required\"}]}}");
    }
}
