package dev.darkroom.eventbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.Secret;
import dev.darkroom.config.TracingSettings;
import dev.darkroom.telemetry.Tracing;
import dev.darkroom.testing.SpanReceiver;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each command reaches the handler of its type by reference and gets one reply. */
class CommandDispatcherTest {
    private static final String ADDRESS = "commands";

    private final Vertx vertx = Vertx.vertx();
    private final AtomicReference<Object> handled = new AtomicReference<>();

    sealed interface TestCommand<R> extends Command<R> {
        record Greet(String name) implements TestCommand<Greeting> {}

        record Fail(RuntimeException cause) implements TestCommand<Greeting> {}
    }

    record Greeting(String text) {}

    record UnrelatedCommand() implements Command<Greeting> {}

    @AfterEach
    void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private void register() throws Exception {
        new CommandDispatcher(TestCommand.class)
                .on(TestCommand.Greet.class, context -> {
                    handled.set(context.command());
                    return CommandReply.completed(new Greeting(context.command().name() + context.requestId()))
                            .toFuture();
                })
                .on(TestCommand.Fail.class, context -> {
                    throw context.command().cause();
                })
                .register(vertx, ADDRESS)
                .await(60, TimeUnit.SECONDS);
    }

    private Object send(Object command) throws Exception {
        return vertx.eventBus()
                .request(
                        ADDRESS,
                        command,
                        new DeliveryOptions()
                                .setCodecName(CommandCodec.NAME)
                                .addHeader(CommandProtocol.REQUEST_ID_HEADER, "-r1"))
                .await(60, TimeUnit.SECONDS)
                .body();
    }

    @Test
    void passesTheCommandByReferenceAndRepliesWithTheResult() throws Exception {
        // given
        register();
        TestCommand.Greet command = new TestCommand.Greet("ada");

        // when
        Object reply = send(command);

        // then
        assertThat(handled.get()).isSameAs(command);
        assertThat(reply).isEqualTo(CommandReply.completed(new Greeting("ada-r1")));
    }

    @Test
    void continuesTheTraceOfTheSender() throws Exception {
        // given
        try (SpanReceiver receiver = new SpanReceiver()) {
            Tracing tracing = Tracing.create(
                    new TracingSettings(receiver.endpoint(), Secret.NONE, 0, true, "darkroom"), "1", "process");
            tracing.install(vertx);
            register();

            // when the message has the header that vertx-opentelemetry sends
            vertx.eventBus()
                    .request(
                            ADDRESS,
                            new TestCommand.Greet("ada"),
                            new DeliveryOptions()
                                    .setCodecName(CommandCodec.NAME)
                                    .addHeader(
                                            "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
                    .await(60, TimeUnit.SECONDS);
            tracing.close();

            // then
            assertThat(receiver.spans()).singleElement().satisfies(span -> {
                assertThat(span.name()).isEqualTo("command Greet");
                assertThat(span.parentId()).isEqualTo("b7ad6b7169203331");
            });
        }
    }

    @Test
    void repliesWithTheErrorsOfAnInvalidCommand() throws Exception {
        // given
        register();
        List<FieldError> errors = List.of(new FieldError("#/name", "is required"));

        // when
        Object reply = send(new TestCommand.Fail(new InvalidCommandException("the command is not valid", errors)));

        // then
        assertThat(reply).isEqualTo(CommandReply.invalid("the command is not valid", errors));
    }

    @Test
    void repliesWithoutTheCauseOfAnUnexpectedError() throws Exception {
        // given
        register();

        // when
        Object reply = send(new TestCommand.Fail(new IllegalStateException("secret")));

        // then
        assertThat(reply).isEqualTo(CommandReply.rejected(RejectionReason.INTERNAL, "internal error"));
    }

    @Test
    void rejectsCommandsOfAnotherAddress() throws Exception {
        // given
        register();

        // when
        Object reply = send(new UnrelatedCommand());

        // then
        assertThat(reply).isEqualTo(CommandReply.rejected(RejectionReason.INVALID, "the command is unknown"));
    }

    @Test
    void refusesToRegisterWithoutAHandlerForEachCommand() {
        // given
        CommandDispatcher dispatcher = new CommandDispatcher(TestCommand.class)
                .on(TestCommand.Greet.class, context -> Future.failedFuture("unused"));

        // then
        assertThatThrownBy(() -> dispatcher.register(vertx, ADDRESS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Fail");
    }
}
