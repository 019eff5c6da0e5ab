package dev.darkroom.eventbus;

import dev.darkroom.database.DatabaseErrorClassifier;
import io.vertx.core.Future;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dispatches the commands of one event-bus address to a handler and replies to each. Failures become {@code {"error": …}} replies.
 * Rejects commands with an unsupported version, a body that is not an object, or text that PostgreSQL cannot store. Confined to the
 * event loop of one verticle.
 */
public final class JsonCommandDispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(JsonCommandDispatcher.class);

    /** Excluded from the text check: the handler validates it, with JSON pointers relative to the request. */
    private static final String REQUEST_FIELD = "request";

    private final Function<BusCommand, Future<JsonObject>> handler;

    /** @param handler runs a command and returns the reply; may throw, and may fail with errors of the database driver */
    public JsonCommandDispatcher(Function<BusCommand, Future<JsonObject>> handler) {
        this.handler = handler;
    }

    /** Runs a command and sends the reply. */
    public void dispatch(Message<JsonObject> message) {
        // compose() turns an exception of the handler into a failed future.
        Future.succeededFuture()
                .compose(ignored -> execute(message))
                .otherwise(cause -> toErrorReply(cause, message.headers().get(CommandProtocol.REQUEST_ID_HEADER)))
                .onSuccess(message::reply);
    }

    private Future<JsonObject> execute(Message<JsonObject> message) {
        if (!CommandProtocol.VERSION.equals(message.headers().get(CommandProtocol.VERSION_HEADER))) {
            return CommandReplies.invalidFuture("the header version must be " + CommandProtocol.VERSION);
        }
        Object body = message.body();
        if (!(body instanceof JsonObject fields)) {
            return CommandReplies.invalidFuture("the body must be an object that names its user");
        }
        List<FieldError> errors = StorableText.findErrors(fields, REQUEST_FIELD);
        return errors.isEmpty()
                ? handler.apply(BusCommand.parse(message.headers(), fields))
                : Future.succeededFuture(CommandReplies.invalid("the command is not valid", errors));
    }

    private static JsonObject toErrorReply(Throwable cause, String requestId) {
        if (DatabaseErrorClassifier.isUnavailable(cause)) {
            LOG.atWarn()
                    .addKeyValue("requestId", requestId)
                    .addKeyValue("reason", cause.getMessage())
                    .log("command rejected, database unavailable");
            return CommandReplies.error(CommandProtocol.UNAVAILABLE, "the database is unavailable");
        }
        LOG.atError().addKeyValue("requestId", requestId).setCause(cause).log("command failed");
        return CommandReplies.error(CommandProtocol.INTERNAL, "internal error");
    }
}
