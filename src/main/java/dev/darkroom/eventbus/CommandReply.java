package dev.darkroom.eventbus;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;

/**
 * Reply to a {@link Command}: its result, or the reason why it was not executed. Immutable.
 *
 * @param <R> type of the result
 */
public sealed interface CommandReply<R> {

    /** The command was executed. */
    record Completed<R>(R result) implements CommandReply<R> {}

    /**
     * The command was rejected.
     *
     * @param reason for programs
     * @param message for people, without a final period
     * @param errors invalid fields; empty unless the reason is {@link RejectionReason#INVALID}
     * @param retryAfter time after which the same command may succeed; null when unknown
     */
    record Rejected<R>(RejectionReason reason, String message, List<FieldError> errors, Duration retryAfter)
            implements CommandReply<R> {
        public Rejected {
            errors = List.copyOf(errors);
        }
    }

    static <R> CommandReply<R> completed(R result) {
        return new Completed<>(result);
    }

    static <R> CommandReply<R> invalid(String message, List<FieldError> errors) {
        return new Rejected<>(RejectionReason.INVALID, message, errors, null);
    }

    /** Rejects a command because of one invalid field. */
    static <R> CommandReply<R> invalidField(String pointer, String detail) {
        return invalid("the command is not valid", List.of(new FieldError(pointer, detail)));
    }

    /** @param resource the kind of resource, such as {@code generation} */
    static <R> CommandReply<R> notFound(String resource) {
        return rejected(RejectionReason.NOT_FOUND, resource + " not found");
    }

    static <R> CommandReply<R> conflict(String message) {
        return rejected(RejectionReason.CONFLICT, message);
    }

    static <R> CommandReply<R> rejected(RejectionReason reason, String message) {
        return new Rejected<>(reason, message, List.of(), null);
    }

    static <R> CommandReply<R> rejected(RejectionReason reason, String message, Duration retryAfter) {
        return new Rejected<>(reason, message, List.of(), retryAfter);
    }

    /** Returns this reply as a completed future. */
    default Future<CommandReply<R>> toFuture() {
        return Future.succeededFuture(this);
    }
}
