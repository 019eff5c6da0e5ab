package dev.darkroom.eventbus;

import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceContext;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dispatches the commands of one event-bus address to handlers, one per command type, and sends one {@link CommandReply} to each.
 * Failures become replies too. Confined to the event loop of one verticle.
 */
public final class CommandDispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(CommandDispatcher.class);

    private static final DeliveryOptions REPLY_OPTIONS = new DeliveryOptions().setCodecName(CommandCodec.NAME);

    private final Class<?> commandFamily;
    private final Map<Class<?>, Function<CommandContext<?>, Future<? extends CommandReply<?>>>> handlers =
            new HashMap<>();
    private Tracing tracing = Tracing.OFF;

    /** @param commandFamily sealed interface of the commands of the address */
    public CommandDispatcher(Class<?> commandFamily) {
        this.commandFamily = commandFamily;
    }

    /**
     * Adds the handler of a command type.
     *
     * @param handler may throw, and its future may fail with errors of the database driver or with {@link InvalidCommandException}
     */
    @SuppressWarnings("unchecked")
    public <R, C extends Command<R>> CommandDispatcher on(
            Class<C> type, Function<CommandContext<C>, Future<CommandReply<R>>> handler) {
        handlers.put(type, context -> handler.apply((CommandContext<C>) context));
        return this;
    }

    /**
     * Registers the consumer of an address.
     *
     * @throws IllegalStateException when a command type has no handler
     */
    public Future<Void> register(Vertx vertx, String address) {
        for (Class<?> type : commandFamily.getPermittedSubclasses()) {
            if (!handlers.containsKey(type)) {
                throw new IllegalStateException("no handler for " + type.getSimpleName());
            }
        }
        CommandCodec.register(vertx.eventBus());
        tracing = Tracing.of(vertx);
        return vertx.eventBus().<Object>consumer(address, this::dispatch).completion();
    }

    private void dispatch(Message<Object> message) {
        dispatch(message::body, message.headers()).onSuccess(reply -> message.reply(reply, REPLY_OPTIONS));
    }

    /**
     * Dispatches a command that did not arrive as an object. Never fails.
     *
     * @param command returns the command; may throw as a handler may
     * @param headers of the message
     */
    public Future<CommandReply<?>> dispatch(Supplier<?> command, MultiMap headers) {
        String requestId = headers.get(CommandProtocol.REQUEST_ID_HEADER);
        // compose() turns an exception of the handler into a failed future.
        return Future.succeededFuture()
                .compose(ignored -> execute(command.get(), requestId, headers))
                .otherwise(cause -> toRejection(cause, requestId));
    }

    private Future<CommandReply<?>> execute(Object command, String requestId, MultiMap headers) {
        var handler = handlers.get(command.getClass());
        if (handler == null) {
            return Future.succeededFuture(CommandReply.rejected(RejectionReason.INVALID, "the command is unknown"));
        }
        if (!tracing.isOn()) {
            return execute(handler, new CommandContext<>(command, requestId, TraceSpan.NONE));
        }
        TraceSpan span = tracing.startOrContinue(
                TraceContext.ofNullable(headers.get(TraceContext.TRACEPARENT), headers.get(TraceContext.TRACESTATE)),
                SpanType.COMMAND,
                SpanType.COMMAND.label() + " " + command.getClass().getSimpleName());
        return Future.succeededFuture()
                .compose(ignored -> execute(handler, new CommandContext<>(command, requestId, span)))
                .onSuccess(reply -> {
                    if (reply instanceof CommandReply.Rejected<?> rejected) {
                        span.set(SpanAttribute.ERROR_TYPE, rejected.reason());
                    }
                    span.end();
                })
                .onFailure(cause -> span.fail(cause.getClass().getName()));
    }

    private static Future<CommandReply<?>> execute(
            Function<CommandContext<?>, Future<? extends CommandReply<?>>> handler, CommandContext<?> context) {
        return handler.apply(context).map(reply -> reply);
    }

    private static CommandReply<?> toRejection(Throwable cause, String requestId) {
        if (cause instanceof InvalidCommandException invalid) {
            return CommandReply.invalid(invalid.getMessage(), invalid.errors());
        }
        if (DatabaseErrorClassifier.isUnavailable(cause)) {
            LOG.atWarn()
                    .addKeyValue("requestId", requestId)
                    .addKeyValue("reason", cause.getMessage())
                    .log("command rejected, database unavailable");
            return CommandReply.rejected(RejectionReason.UNAVAILABLE, "the database is unavailable");
        }
        LOG.atError().addKeyValue("requestId", requestId).setCause(cause).log("command failed");
        return CommandReply.rejected(RejectionReason.INTERNAL, "internal error");
    }
}
