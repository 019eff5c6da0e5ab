package dev.darkroom.eventbus;

import dev.darkroom.database.DatabaseErrorClassifier;
import io.vertx.core.Future;
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
        return vertx.eventBus().<Object>consumer(address, this::dispatch).completion();
    }

    private void dispatch(Message<Object> message) {
        dispatch(message::body, message.headers().get(CommandProtocol.REQUEST_ID_HEADER))
                .onSuccess(reply -> message.reply(reply, REPLY_OPTIONS));
    }

    /**
     * Dispatches a command that did not arrive as an object. Never fails.
     *
     * @param command returns the command; may throw as a handler may
     * @param requestId null when absent
     */
    public Future<CommandReply<?>> dispatch(Supplier<?> command, String requestId) {
        // compose() turns an exception of the handler into a failed future.
        return Future.succeededFuture()
                .compose(ignored -> execute(command.get(), requestId))
                .otherwise(cause -> toRejection(cause, requestId));
    }

    private Future<CommandReply<?>> execute(Object command, String requestId) {
        var handler = handlers.get(command.getClass());
        return handler == null
                ? Future.succeededFuture(CommandReply.rejected(RejectionReason.INVALID, "the command is unknown"))
                : handler.apply(new CommandContext<>(command, requestId)).map(reply -> reply);
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
