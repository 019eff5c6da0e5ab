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
 * Takes commands from an address of the event bus: every one gets a reply, a refusal as {@code {"error": …}}. Whoever sends a command
 * of a version that is not spoken, or without a user, is told so. For the event loop of one verticle.
 */
public final class CommandDispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(CommandDispatcher.class);

    /** The feature checks what is in there, with pointers into it. */
    private static final String REQUEST_FIELD = "request";

    private final Function<BusCommand, Future<JsonObject>> handler;

    /** @param actions what each action does; may throw, and may fail with the driver's errors */
    public CommandDispatcher(Function<BusCommand, Future<JsonObject>> actions) {
        this.handler = actions;
    }

    /** Answers a message. */
    public void dispatch(Message<JsonObject> message) {
        // Composed, so that an action that throws fails like any other.
        Future.succeededFuture()
                .compose(taken -> execute(message))
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
                    .addKeyValue("request", requestId)
                    .addKeyValue("reason", cause.getMessage())
                    .log("command refused, the database is away");
            return CommandReplies.error(CommandProtocol.UNAVAILABLE, "the database is away");
        }
        LOG.atError().addKeyValue("request", requestId).setCause(cause).log("command failed");
        return CommandReplies.error(CommandProtocol.INTERNAL, "something went wrong");
    }
}
