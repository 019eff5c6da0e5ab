package dev.darkroom.api.webhook;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.webhook.command.WebhookCommand;
import dev.darkroom.webhook.command.WebhookResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Handles one webhook operation: sends a command for the user, and sends its result as the response.
 *
 * @param commandFactory creates the command from a validated request; may throw a {@code Problem}
 * @param extraTimeout added to the usual reply timeout of commands
 */
record WebhookOperationHandler<R extends WebhookResult>(
        String operationId,
        CommandClient webhooks,
        Function<OperationContext, WebhookCommand<R>> commandFactory,
        BiConsumer<OperationContext, R> responseSender,
        Duration extraTimeout)
        implements OperationHandler {

    @Override
    public void handle(OperationContext operationContext) {
        Future.succeededFuture(operationContext)
                .map(commandFactory)
                .compose(command -> webhooks.send(command, operationContext, extraTimeout))
                .onSuccess(result -> responseSender.accept(operationContext, result))
                .onFailure(operationContext::fail);
    }
}
