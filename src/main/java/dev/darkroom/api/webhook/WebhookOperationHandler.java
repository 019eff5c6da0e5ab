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

/** An operation on webhooks: a command of its user's, and how the reply to it is told. */
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
            UnaryOperator<JsonObject> toldOf,
            BiConsumer<OperationContext, JsonObject> tell,
            Duration longer) {
        this.operationId = operationId;
        this.action = action;
        this.webhooks = webhooks;
        this.resultSelector = toldOf;
        this.responseSender = tell;
        this.extraTimeout = longer;
    }

    /**
     * All there are.
     *
     * @param lookup how long it may take to look up the name of a receiver
     * @param call how long a receiver may take to answer
     */
    public static List<OperationHandler> createAll(CommandClient webhooks, Duration lookup, Duration call) {
        UnaryOperator<JsonObject> webhook = reply -> reply.getJsonObject("webhook");
        UnaryOperator<JsonObject> whole = reply -> reply;
        BiConsumer<OperationContext, JsonObject> shown =
                (operationContext, told) -> operationContext.sendJson(OK, told);
        Duration none = Duration.ZERO;
        return List.of(
                new WebhookOperationHandler(
                        "createWebhook",
                        WebhookBus.CREATE,
                        webhooks,
                        webhook,
                        WebhookOperationHandler::sendCreated,
                        lookup),
                new WebhookOperationHandler("listWebhooks", WebhookBus.LIST, webhooks, whole, shown, none),
                new WebhookOperationHandler("getWebhook", WebhookBus.GET, webhooks, webhook, shown, none),
                new WebhookOperationHandler("changeWebhook", WebhookBus.UPDATE, webhooks, webhook, shown, lookup),
                new WebhookOperationHandler(
                        "deleteWebhook",
                        WebhookBus.DELETE,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendNoContent,
                        none),
                new WebhookOperationHandler(
                        "testWebhook", WebhookBus.TEST, webhooks, reply -> reply.getJsonObject("outcome"), shown, call),
                new WebhookOperationHandler(
                        "rotateWebhookSecret",
                        WebhookBus.ROTATE_WEBHOOK_SECRET,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendSecret,
                        none),
                new WebhookOperationHandler("enableWebhook", WebhookBus.ENABLE, webhooks, webhook, shown, none),
                new WebhookOperationHandler("disableWebhook", WebhookBus.DISABLE, webhooks, webhook, shown, none),
                new WebhookOperationHandler("listDeliveries", WebhookBus.LIST_DELIVERIES, webhooks, whole, shown, none),
                new WebhookOperationHandler(
                        "redeliver",
                        WebhookBus.REDELIVER,
                        webhooks,
                        reply -> reply.getJsonObject("delivery"),
                        (operationContext, told) -> operationContext.sendJson(ACCEPTED, told),
                        none),
                new WebhookOperationHandler(
                        "redeliverRange",
                        WebhookBus.REDELIVER_RANGE,
                        webhooks,
                        whole,
                        (operationContext, told) -> operationContext.sendJson(ACCEPTED, told),
                        none),
                new WebhookOperationHandler(
                        "getWebhookSecret",
                        WebhookBus.GET_USER_SECRET,
                        webhooks,
                        whole,
                        WebhookOperationHandler::sendSecret,
                        none),
                new WebhookOperationHandler(
                        "rotateRequestSecret",
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
                .onSuccess(told -> responseSender.accept(operationContext, told))
                .onFailure(operationContext::fail);
    }

    /** Parameters by their names; the path's id is called what all commands call it. */
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
                // The others say all in their path and query.
            }
        }
        // Last, so that nothing of the request can take its place.
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
