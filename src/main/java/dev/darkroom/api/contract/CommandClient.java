package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.eventbus.Command;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends commands to verticles of this process. A rejected command or a missing reply fails the future with a {@link Problem}. */
public final class CommandClient {
    private static final Logger LOG = LoggerFactory.getLogger(CommandClient.class);

    private final Vertx vertx;
    private final String address;
    private final Duration timeout;

    public CommandClient(Vertx vertx, String address, Duration timeout) {
        this.vertx = vertx;
        this.address = address;
        this.timeout = timeout;
        CommandCodec.register(vertx.eventBus());
    }

    /**
     * Sends a command.
     *
     * @return the result; fails with a {@link Problem} when the command was rejected or got no reply
     */
    public <R> Future<R> send(Command<R> command, OperationContext operationContext) {
        return send(command, operationContext, Duration.ZERO);
    }

    /**
     * As {@link #send(Command, OperationContext)}.
     *
     * @param extraTimeout added to the usual timeout of commands
     */
    @SuppressWarnings("unchecked")
    public <R> Future<R> send(Command<R> command, OperationContext operationContext, Duration extraTimeout) {
        DeliveryOptions options = new DeliveryOptions()
                .setCodecName(CommandCodec.NAME)
                .setLocalOnly(true)
                .setSendTimeout(timeout.plus(extraTimeout).toMillis())
                .addHeader(CommandProtocol.REQUEST_ID_HEADER, operationContext.requestId());
        operationContext.span().inject(options::addHeader);
        return vertx.eventBus()
                .<CommandReply<R>>request(address, command, options)
                .recover(failure -> {
                    LOG.atWarn()
                            .addKeyValue("requestId", operationContext.requestId())
                            .addKeyValue("address", address)
                            .addKeyValue("action", command.getClass().getSimpleName())
                            .addKeyValue("reason", failure.getMessage())
                            .log("command failed, no reply received");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(reply -> reply.body() instanceof CommandReply.Completed<R> completed
                        ? Future.succeededFuture(completed.result())
                        : Future.failedFuture(toProblem((CommandReply.Rejected<R>) reply.body())));
    }

    private static Problem toProblem(CommandReply.Rejected<?> rejected) {
        return switch (rejected.reason()) {
            case INVALID -> toProblem(rejected.message(), rejected.errors());
            case NOT_FOUND -> Problem.notFound(capitalize(rejected.message()));
            case CONFLICT -> Problem.conflict(capitalize(rejected.message()));
            case KEY_REUSED -> Problem.idempotencyKeyReused();
            case OVERLOADED ->
                Problem.overloaded(
                        capitalize(rejected.message()), rejected.retryAfter().toSeconds());
            case QUOTA_EXCEEDED ->
                Problem.quotaExceeded(
                        capitalize(rejected.message()), rejected.retryAfter().toSeconds());
            case BUDGET_EXCEEDED ->
                Problem.budgetExceeded(
                        capitalize(rejected.message()), rejected.retryAfter().toSeconds());
            case UNAVAILABLE -> Problem.unavailable();
            case INTERNAL -> Problem.internalError();
        };
    }

    /** Returns the problem of an invalid command. */
    public static Problem toProblem(InvalidCommandException invalid) {
        return toProblem(invalid.getMessage(), invalid.errors());
    }

    private static Problem toProblem(String message, List<FieldError> errors) {
        return Problem.invalid(
                errors.isEmpty()
                        ? List.of(new Problem.ValidationError("#", message))
                        : errors.stream()
                                .map(error -> new Problem.ValidationError(error.pointer(), error.detail()))
                                .toList());
    }

    private static String capitalize(String message) {
        return Character.toUpperCase(message.charAt(0)) + message.substring(1) + ".";
    }
}
