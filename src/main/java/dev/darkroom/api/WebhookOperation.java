package dev.darkroom.api;

import dev.darkroom.webhook.WebhookBus;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** An operation on webhooks: a command of its user's, and how the reply to it is told. */
final class WebhookOperation implements OperationHandler {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;

    private final String operationId;
    private final String action;
    private final BusClient webhooks;
    private final UnaryOperator<JsonObject> toldOf;
    private final BiConsumer<Exchange, JsonObject> tell;
    private final Duration longer;

    private WebhookOperation(
            String operationId,
            String action,
            BusClient webhooks,
            UnaryOperator<JsonObject> toldOf,
            BiConsumer<Exchange, JsonObject> tell,
            Duration longer) {
        this.operationId = operationId;
        this.action = action;
        this.webhooks = webhooks;
        this.toldOf = toldOf;
        this.tell = tell;
        this.longer = longer;
    }

    /**
     * All there are.
     *
     * @param lookup how long it may take to look up the name of a receiver
     * @param call how long a receiver may take to answer
     */
    static List<OperationHandler> all(BusClient webhooks, Duration lookup, Duration call) {
        UnaryOperator<JsonObject> webhook = reply -> reply.getJsonObject("webhook");
        UnaryOperator<JsonObject> whole = reply -> reply;
        BiConsumer<Exchange, JsonObject> shown = (exchange, told) -> exchange.sendJson(OK, told);
        Duration none = Duration.ZERO;
        return List.of(
                new WebhookOperation(
                        "createWebhook", WebhookBus.CREATE, webhooks, webhook, WebhookOperation::created, lookup),
                new WebhookOperation("listWebhooks", WebhookBus.LIST, webhooks, whole, shown, none),
                new WebhookOperation("getWebhook", WebhookBus.GET, webhooks, webhook, shown, none),
                new WebhookOperation("changeWebhook", WebhookBus.CHANGE, webhooks, webhook, shown, lookup),
                new WebhookOperation(
                        "deleteWebhook", WebhookBus.DELETE, webhooks, whole, WebhookOperation::nothing, none),
                new WebhookOperation(
                        "testWebhook", WebhookBus.TEST, webhooks, reply -> reply.getJsonObject("outcome"), shown, call),
                new WebhookOperation(
                        "rotateWebhookSecret", WebhookBus.ROTATE, webhooks, whole, WebhookOperation::secret, none),
                new WebhookOperation("enableWebhook", WebhookBus.ENABLE, webhooks, webhook, shown, none),
                new WebhookOperation("disableWebhook", WebhookBus.DISABLE, webhooks, webhook, shown, none),
                new WebhookOperation("listDeliveries", WebhookBus.DELIVERIES, webhooks, whole, shown, none),
                new WebhookOperation(
                        "redeliver",
                        WebhookBus.REDELIVER,
                        webhooks,
                        reply -> reply.getJsonObject("delivery"),
                        (exchange, told) -> exchange.sendJson(ACCEPTED, told),
                        none),
                new WebhookOperation(
                        "redeliverRange",
                        WebhookBus.REDELIVER_RANGE,
                        webhooks,
                        whole,
                        (exchange, told) -> exchange.sendJson(ACCEPTED, told),
                        none),
                new WebhookOperation(
                        "getWebhookSecret", WebhookBus.SECRET, webhooks, whole, WebhookOperation::secret, none),
                new WebhookOperation(
                        "rotateRequestSecret",
                        WebhookBus.ROTATE_SECRET,
                        webhooks,
                        whole,
                        WebhookOperation::secret,
                        none));
    }

    @Override
    public String operationId() {
        return operationId;
    }

    @Override
    public void handle(Exchange exchange) {
        webhooks.send(action, command(exchange), exchange, longer)
                .map(toldOf)
                .onSuccess(told -> tell.accept(exchange, told))
                .onFailure(exchange::fail);
    }

    /** Parameters by their names; the path's id is called what all commands call it. */
    private JsonObject command(Exchange exchange) {
        JsonObject command = exchange.parameters().copy();
        command.remove("webhookId");
        if (exchange.parameter("webhookId") != null) {
            command.put("id", exchange.parameter("webhookId"));
        }
        switch (action) {
            case WebhookBus.CREATE -> command.put("webhook", exchange.body());
            case WebhookBus.CHANGE -> command.put("changes", exchange.body());
            case WebhookBus.REDELIVER_RANGE -> command.mergeIn(exchange.body());
            default -> {
                // The others say all in their path and query.
            }
        }
        // Last, so that nothing of the request can take its place.
        return command.put("user", exchange.user());
    }

    private static void created(Exchange exchange, JsonObject webhook) {
        exchange.response()
                .putHeader(HttpHeaders.LOCATION, "/api/webhooks/" + webhook.getString("id"))
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        exchange.sendJson(201, webhook);
    }

    private static void secret(Exchange exchange, JsonObject secret) {
        exchange.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        exchange.sendJson(OK, secret);
    }

    private static void nothing(Exchange exchange, JsonObject reply) {
        exchange.response().setStatusCode(204).end();
    }
}
