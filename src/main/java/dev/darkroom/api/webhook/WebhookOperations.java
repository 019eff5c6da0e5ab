package dev.darkroom.api.webhook;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.webhook.command.WebhookCommand;
import dev.darkroom.webhook.command.WebhookCommand.CreateWebhook;
import dev.darkroom.webhook.command.WebhookCommand.DeleteWebhook;
import dev.darkroom.webhook.command.WebhookCommand.DisableWebhook;
import dev.darkroom.webhook.command.WebhookCommand.EnableWebhook;
import dev.darkroom.webhook.command.WebhookCommand.GetUserSecret;
import dev.darkroom.webhook.command.WebhookCommand.GetWebhook;
import dev.darkroom.webhook.command.WebhookCommand.ListWebhooks;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverDelivery;
import dev.darkroom.webhook.command.WebhookCommand.RotateUserSecret;
import dev.darkroom.webhook.command.WebhookCommand.RotateWebhookSecret;
import dev.darkroom.webhook.command.WebhookCommand.TestWebhook;
import dev.darkroom.webhook.command.WebhookCommand.UpdateWebhook;
import dev.darkroom.webhook.command.WebhookResult;
import dev.darkroom.webhook.command.WebhookResult.CreatedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeletedWebhook;
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The webhook operations of the contract: the command and the response of each.
 *
 * @param dnsTimeout added to the reply timeout of commands that resolve the host name of a receiver
 * @param receiverTimeout added to the reply timeout of the command that calls a receiver
 */
public record WebhookOperations(CommandClient webhooks, Duration dnsTimeout, Duration receiverTimeout) {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;

    /** Returns one handler for each operation. */
    public List<OperationHandler> handlers() {
        return List.of(
                handler(
                        "createWebhook",
                        request -> new CreateWebhook(request.user(), WebhookRequestParser.parseSpec(request)),
                        WebhookOperations::sendCreated,
                        dnsTimeout),
                handler(
                        "listWebhooks",
                        request -> new ListWebhooks(request.user(), request.limit(), request.uuid("cursor")),
                        jsonSender(OK, WebhookPresenter::toJson)),
                handler(
                        "getWebhook",
                        request -> new GetWebhook(request.user(), webhookId(request)),
                        jsonSender(OK, WebhookPresenter::toJson)),
                handler(
                        "updateWebhook",
                        request -> new UpdateWebhook(
                                request.user(), webhookId(request), WebhookRequestParser.parseSpec(request)),
                        jsonSender(OK, WebhookPresenter::toJson),
                        dnsTimeout),
                handler(
                        "deleteWebhook",
                        request -> new DeleteWebhook(request.user(), webhookId(request)),
                        WebhookOperations::sendNoContent),
                handler(
                        "testWebhook",
                        request -> new TestWebhook(request.user(), webhookId(request)),
                        jsonSender(OK, WebhookPresenter::toJson),
                        receiverTimeout),
                handler(
                        "rotateWebhookSecret",
                        request -> new RotateWebhookSecret(request.user(), webhookId(request)),
                        WebhookOperations::sendSecret),
                handler(
                        "enableWebhook",
                        request -> new EnableWebhook(request.user(), webhookId(request)),
                        jsonSender(OK, WebhookPresenter::toJson)),
                handler(
                        "disableWebhook",
                        request -> new DisableWebhook(request.user(), webhookId(request)),
                        jsonSender(OK, WebhookPresenter::toJson)),
                handler(
                        "listWebhookDeliveries",
                        WebhookRequestParser::parseListDeliveries,
                        jsonSender(OK, WebhookPresenter::toJson)),
                handler(
                        "redeliverWebhookDelivery",
                        request ->
                                new RedeliverDelivery(request.user(), webhookId(request), request.uuid("deliveryId")),
                        jsonSender(ACCEPTED, WebhookPresenter::toJson)),
                handler(
                        "redeliverFailedWebhookDeliveries",
                        WebhookRequestParser::parseRedeliverRange,
                        jsonSender(ACCEPTED, WebhookPresenter::toJson)),
                handler(
                        "getUserWebhookSecret",
                        request -> new GetUserSecret(request.user()),
                        WebhookOperations::sendSecret),
                handler(
                        "rotateUserWebhookSecret",
                        request -> new RotateUserSecret(request.user()),
                        WebhookOperations::sendSecret));
    }

    private <R extends WebhookResult> OperationHandler handler(
            String operationId,
            Function<OperationContext, WebhookCommand<R>> commandFactory,
            BiConsumer<OperationContext, R> responseSender) {
        return handler(operationId, commandFactory, responseSender, Duration.ZERO);
    }

    private <R extends WebhookResult> OperationHandler handler(
            String operationId,
            Function<OperationContext, WebhookCommand<R>> commandFactory,
            BiConsumer<OperationContext, R> responseSender,
            Duration extraTimeout) {
        return new WebhookOperationHandler<>(operationId, webhooks, commandFactory, responseSender, extraTimeout);
    }

    private static UUID webhookId(OperationContext operationContext) {
        return operationContext.uuid("webhookId");
    }

    private static <R> BiConsumer<OperationContext, R> jsonSender(int status, Function<R, JsonObject> presenter) {
        return (operationContext, result) -> operationContext.sendJson(status, presenter.apply(result));
    }

    private static void sendCreated(OperationContext operationContext, CreatedWebhook created) {
        operationContext
                .response()
                .putHeader(
                        HttpHeaders.LOCATION,
                        "/api/webhooks/" + created.webhook().id())
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        operationContext.sendJson(201, WebhookPresenter.toJson(created));
    }

    private static void sendSecret(OperationContext operationContext, SigningSecret secret) {
        operationContext.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        operationContext.sendJson(OK, WebhookPresenter.toJson(secret));
    }

    private static void sendNoContent(OperationContext operationContext, DeletedWebhook deleted) {
        operationContext.response().setStatusCode(204).end();
    }
}
