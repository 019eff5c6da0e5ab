package dev.darkroom.eventbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** JSON of commands and replies for other processes. */
class CommandCodecTest {
    private static final int LENGTH_BYTES = 4;

    private final CommandCodec codec = new CommandCodec(List.of(Family.class));

    sealed interface Family {
        record Everything(
                UUID id,
                OffsetDateTime time,
                Duration waitTime,
                JsonObject json,
                List<String> names,
                Long absent,
                Mode mode)
                implements Family {}
    }

    enum Mode {
        FAST
    }

    record Stranger(String name) {}

    private static final Family.Everything EVERYTHING = new Family.Everything(
            UUID.fromString("019a8c1e-0000-7000-8000-000000000001"),
            OffsetDateTime.parse("2026-11-29T10:15:30.123456Z"),
            Duration.ofMillis(1500),
            new JsonObject().put("a", "\ud83d\uddfc"),
            List.of("x", "y"),
            null,
            Mode.FAST);

    private Object sendAcross(Object message) {
        Buffer buffer = Buffer.buffer("xy");
        codec.encodeToWire(buffer, message);
        return codec.decodeFromWire(2, buffer);
    }

    @Test
    void decodesWhatItEncodes() {
        assertThat(sendAcross(EVERYTHING)).isEqualTo(EVERYTHING);
        assertThat(sendAcross(CommandReply.completed(EVERYTHING))).isEqualTo(CommandReply.completed(EVERYTHING));
        CommandReply<Object> rejected = new CommandReply.Rejected<>(
                RejectionReason.OVERLOADED,
                "the queue is full",
                List.of(new FieldError("#/prompt", "is required")),
                Duration.ofSeconds(5));
        assertThat(sendAcross(rejected)).isEqualTo(rejected);
    }

    @Test
    void passesTheReferenceInsideAProcess() {
        assertThat(codec.transform(EVERYTHING)).isSameAs(EVERYTHING);
    }

    @Test
    void writesTheVersionAndTheNameOfTheType() {
        // given
        Buffer buffer = Buffer.buffer();

        // when
        codec.encodeToWire(buffer, EVERYTHING);

        // then
        JsonObject json = buffer.getBuffer(LENGTH_BYTES, buffer.length()).toJsonObject();
        assertThat(json.getInteger("version")).isEqualTo(CommandCodec.VERSION);
        assertThat(json.getString("type")).isEqualTo("Everything");
        assertThat(json.getJsonObject("command").getString("waitTime")).isEqualTo("PT1.5S");
    }

    @Test
    void decodesUnknownVersionsAndTypesAsUnknown() {
        assertThat(decode("{\"version\":2,\"type\":\"Everything\",\"command\":{}}"))
                .isInstanceOf(CommandCodec.UnknownMessage.class);
        assertThat(decode("{\"version\":1,\"type\":\"Stranger\",\"command\":{\"name\":\"x\"}}"))
                .isInstanceOf(CommandCodec.UnknownMessage.class);
        assertThat(decode("{\"version\":1,\"type\":\"Everything\",\"command\":{\"id\":\"x\"}}"))
                .isInstanceOf(CommandCodec.UnknownMessage.class);
        assertThat(decode("not JSON")).isInstanceOf(CommandCodec.UnknownMessage.class);
    }

    private Object decode(String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return codec.decodeFromWire(0, Buffer.buffer().appendInt(bytes.length).appendBytes(bytes));
    }

    @Test
    void refusesToEncodeUnlistedTypes() {
        assertThatThrownBy(() -> codec.encodeToWire(Buffer.buffer(), new Stranger("x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Stranger");
    }
}
