package dev.darkroom.command;

import dev.darkroom.database.DatabaseErrors;
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
public final class CommandDesk {
    private static final Logger LOG = LoggerFactory.getLogger(CommandDesk.class);

    /** The feature checks what is in there, with pointers into it. */
    private static final String REQUEST = "request";

    private final Function<Command, Future<JsonObject>> actions;

    /** @param actions what each action does; may throw, and may fail with the driver's errors */
    public CommandDesk(Function<Command, Future<JsonObject>> actions) {
        this.actions = actions;
    }

    /** Answers a message. */
    public void take(Message<JsonObject> message) {
        // Composed, so that an action that throws fails like any other.
        Future.succeededFuture()
                .compose(taken -> answer(message))
                .otherwise(cause -> failed(cause, message.headers().get(CommandNames.REQUEST_ID)))
                .onSuccess(message::reply);
    }

    private Future<JsonObject> answer(Message<JsonObject> message) {
        if (!CommandNames.VERSION.equals(message.headers().get(CommandNames.VERSION_HEADER))) {
            return Reply.refusal("the header version must be " + CommandNames.VERSION);
        }
        Object body = message.body();
        if (!(body instanceof JsonObject fields)) {
            return Reply.refusal("the body must be an object that names its user");
        }
        List<FieldError> errors = StorableText.check(fields, REQUEST);
        return errors.isEmpty()
                ? actions.apply(Command.of(message.headers(), fields))
                : Future.succeededFuture(Reply.invalid("the command is not valid", errors));
    }

    private static JsonObject failed(Throwable cause, String requestId) {
        if (DatabaseErrors.unavailable(cause)) {
            LOG.atWarn()
                    .addKeyValue("request", requestId)
                    .addKeyValue("reason", cause.getMessage())
                    .log("command refused, the database is away");
            return Reply.error(CommandNames.UNAVAILABLE, "the database is away");
        }
        LOG.atError().addKeyValue("request", requestId).setCause(cause).log("command failed");
        return Reply.error(CommandNames.INTERNAL, "something went wrong");
    }
}
