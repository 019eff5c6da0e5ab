package dev.darkroom.api.webhook;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.webhook.WebhookBus;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** Handles one webhook operation: sends a command for the user, and converts the reply to a response. */
public final class WebhookOperationHandler implements OperationHandler {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;

    private final String operationId;
    private final String action;
    private final CommandClient webhooks;
    private final UnaryOperator<JsonObject> resultSelector;
    private final BiConsumer<OperationContext, JsonObject> responseSender;
    private final Duration extraTimeout;

    private WebhookOperationHandler(
            String operationId,
            String action,
            CommandClient webhooks,
            UnaryOperator<JsonObject> resultSelector,
            BiConsumer<OperationContext, JsonObject> responseSender,
            Duration extraTimeout) {
        this.operationId = operationId;
        this.action = action;
        this.webhooks = webhooks;
        this.resultSelector = resultSelector;
        this.responseSender = responseSender;
        this.extraTimeout = extraTimeout;
    }

    /**
     * Creates the handlers of all webhook operations.
     *
     * @param dnsTimeout added to the reply timeout of commands that resolve the host name of a receiver
     * @param receiverTimeout added to the reply timeout of the command that calls a receiver
     */
    public static List<OperationHandler> createAll(
            CommandClient webhooks, Duration dnsTimeout, Duration receiverTimeout) {
        UnaryOperator<JsonObject> webhook = reply -> reply.getJsonObject("webhook");
        UnaryOperator<JsonObject> whole = reply -> reply;
        BiConsumer<OperationContext, JsonObject> sendOk =
                (operationContext, result) -> operationContext.sendJson(OK, result);
        Duration none = Duration.ZERO;
        return List.of(
                new WebhookOperationHandler(
                        "createWebhook",
                        WebhookBus.CREATE,
                        webhooks,
                        webhook,
                        WebhookOperationHandler::sendCreated,
                        dnsTimeout),
                new WebhookOperationHandler("listWebhooks", WebhookBus.LIST, webhooks, whole, sendOk, none),
                new WebhookOperationHandler("getWebhook", WebhookBus.GET, webhooks, webhook, sendOk, none),
                new WebhookOperationHandler("updateWebhook", WebhookBus.UPDATE, webhooks, webhook, sendOk, dnsTimeout),
                new WebhookOperationHandler(
                        "deleteWebhook",
                        WebhookBus.DELETE,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendNoContent,
                        none),
                new WebhookOperationHandler(
                        "testWebhook",
                        WebhookBus.TEST,
                        webhooks,
                        reply -> reply.getJsonObject("outcome"),
                        sendOk,
                        receiverTimeout),
                new WebhookOperationHandler(
                        "rotateWebhookSecret",
                        WebhookBus.ROTATE_WEBHOOK_SECRET,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendSecret,
                        none),
                new WebhookOperationHandler("enableWebhook", WebhookBus.ENABLE, webhooks, webhook, sendOk, none),
                new WebhookOperationHandler("disableWebhook", WebhookBus.DISABLE, webhooks, webhook, sendOk, none),
                new WebhookOperationHandler(
                        "listWebhookDeliveries", WebhookBus.LIST_DELIVERIES, webhooks, whole, sendOk, none),
                new WebhookOperationHandler(
                        "redeliverWebhookDelivery",
                        WebhookBus.REDELIVER,
                        webhooks,
                        reply -> reply.getJsonObject("delivery"),
                        (operationContext, result) -> operationContext.sendJson(ACCEPTED, result),
                        none),
                new WebhookOperationHandler(
                        "redeliverFailedWebhookDeliveries",
                        WebhookBus.REDELIVER_RANGE,
                        webhooks,
                        whole,
                        (operationContext, result) -> operationContext.sendJson(ACCEPTED, result),
                        none),
                new WebhookOperationHandler(
                        "getUserWebhookSecret",
                        WebhookBus.GET_USER_SECRET,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendSecret,
                        none),
                new WebhookOperationHandler(
                        "rotateUserWebhookSecret",
                        WebhookBus.ROTATE_USER_SECRET,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendSecret,
                        none));
    }

    @Override
    public String operationId() {
        return operationId;
    }

    @Override
    public void handle(OperationContext operationContext) {
        webhooks.send(action, command(operationContext), operationContext, extraTimeout)
                .map(resultSelector)
                .onSuccess(result -> responseSender.accept(operationContext, result))
                .onFailure(operationContext::fail);
    }

    /** Copies the parameters into a command. Renames {@code webhookId} to {@code id}, the name in all commands. */
    private JsonObject command(OperationContext operationContext) {
        JsonObject command = operationContext.parameters().copy();
        command.remove("webhookId");
        if (operationContext.parameter("webhookId") != null) {
            command.put("id", operationContext.parameter("webhookId"));
        }
        switch (action) {
            case WebhookBus.CREATE -> command.put("webhook", operationContext.body());
            case WebhookBus.UPDATE -> command.put("changes", operationContext.body());
            case WebhookBus.REDELIVER_RANGE -> command.mergeIn(operationContext.body());
            default -> {
                // The other operations have parameters only.
            }
        }
        // Set last, so that no field of the request can replace it.
        return command.put("user", operationContext.user());
    }

    private static void sendCreated(OperationContext operationContext, JsonObject webhook) {
        operationContext
                .response()
                .putHeader(HttpHeaders.LOCATION, "/api/webhooks/" + webhook.getString("id"))
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        operationContext.sendJson(201, webhook);
    }

    private static void sendSecret(OperationContext operationContext, JsonObject secret) {
        operationContext.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        operationContext.sendJson(OK, secret);
    }

    private static void sendNoContent(OperationContext operationContext, JsonObject reply) {
        operationContext.response().setStatusCode(204).end();
    }
}
