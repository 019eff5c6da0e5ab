package dev.darkroom.eventbus;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands with text that PostgreSQL cannot store are rejected before they reach the handler. */
class JsonCommandDispatcherTest {
    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger handled = new AtomicInteger();

    @AfterEach
    void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private JsonObject reply(JsonObject body) throws Exception {
        JsonCommandDispatcher dispatcher = new JsonCommandDispatcher(busCommand -> {
            handled.incrementAndGet();
            return Future.succeededFuture(new JsonObject());
        });
        vertx.eventBus().<JsonObject>localConsumer("commands", dispatcher::dispatch);
        return vertx.eventBus()
                .<JsonObject>request(
                        "commands",
                        body,
                        new DeliveryOptions().addHeader(CommandProtocol.VERSION_HEADER, CommandProtocol.VERSION))
                .await(60, TimeUnit.SECONDS)
                .body();
    }

    static Stream<Arguments> unstorableText() {
        JsonObject user = new JsonObject().put("user", "ada");
        return Stream.of("a\u0000b", "a\ud800b", "\udc00")
                .flatMap(text -> Stream.of(
                        Arguments.of(new JsonObject().put("user", text), "#/user"),
                        Arguments.of(user.copy().put("idempotencyKey", text), "#/idempotencyKey"),
                        Arguments.of(
                                user.copy().put("webhook", new JsonObject().put("description", text)),
                                "#/webhook/description"),
                        Arguments.of(
                                user.copy()
                                        .put("changes", new JsonObject().put("eventTypes", new JsonArray().add(text))),
                                "#/changes/eventTypes/0")));
    }

    @ParameterizedTest
    @MethodSource("unstorableText")
    void rejectsTextWithNulOrUnpairedSurrogate(JsonObject body, String pointer) throws Exception {
        JsonObject error = reply(body).getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo(CommandProtocol.INVALID);
        assertThat(error.getJsonArray("errors").getJsonObject(0).getString("pointer"))
                .isEqualTo(pointer);
        assertThat(handled).hasValue(0);
    }

    @Test
    void acceptsAllOtherText() throws Exception {
        assertThat(reply(new JsonObject().put("user", "\ud83d\ude00 \u0001").put("request", new JsonObject())))
                .isEqualTo(new JsonObject());
        assertThat(handled).hasValue(1);
    }
}
