package dev.darkroom.api.webhook;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.contract.RecordJson;
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
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * The webhook operations of the contract: the command and the response of each.
 *
 * @param dnsTimeout added to the reply timeout of commands that resolve the host name of a receiver
 * @param receiverTimeout added to the reply timeout of the command that calls a receiver
 */
public record WebhookOperations(CommandClient webhooks, Duration dnsTimeout, Duration receiverTimeout) {
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int ACCEPTED = 202;
    private static final int NO_CONTENT = 204;

    /** Returns one handler for each operation. */
    public List<OperationHandler> handlers() {
        return List.of(
                new JsonOperationHandler("createWebhook", CREATED, this::create),
                handler(
                        "listWebhooks",
                        OK,
                        request -> new ListWebhooks(request.user(), request.limit(), request.uuid("cursor"))),
                handler("getWebhook", OK, request -> new GetWebhook(request.user(), webhookId(request))),
                handler(
                        "updateWebhook",
                        OK,
                        dnsTimeout,
                        request -> new UpdateWebhook(
                                request.user(), webhookId(request), WebhookRequestParser.parseSpec(request))),
                new JsonOperationHandler(
                        "deleteWebhook",
                        NO_CONTENT,
                        request -> webhooks.send(new DeleteWebhook(request.user(), webhookId(request)), request)
                                .map(deleted -> null)),
                handler(
                        "testWebhook",
                        OK,
                        receiverTimeout,
                        request -> new TestWebhook(request.user(), webhookId(request))),
                new JsonOperationHandler(
                        "rotateWebhookSecret",
                        OK,
                        request -> sendForSecret(new RotateWebhookSecret(request.user(), webhookId(request)), request)),
                handler("enableWebhook", OK, request -> new EnableWebhook(request.user(), webhookId(request))),
                handler("disableWebhook", OK, request -> new DisableWebhook(request.user(), webhookId(request))),
                handler("listWebhookDeliveries", OK, WebhookRequestParser::parseListDeliveries),
                handler(
                        "redeliverWebhookDelivery",
                        ACCEPTED,
                        request ->
                                new RedeliverDelivery(request.user(), webhookId(request), request.uuid("deliveryId"))),
                handler("redeliverFailedWebhookDeliveries", ACCEPTED, WebhookRequestParser::parseRedeliverRange),
                new JsonOperationHandler(
                        "getUserWebhookSecret",
                        OK,
                        request -> sendForSecret(new GetUserSecret(request.user()), request)),
                new JsonOperationHandler(
                        "rotateUserWebhookSecret",
                        OK,
                        request -> sendForSecret(new RotateUserSecret(request.user()), request)));
    }

    private OperationHandler handler(
            String operationId, int status, Function<OperationContext, WebhookCommand<?>> command) {
        return handler(operationId, status, Duration.ZERO, command);
    }

    private OperationHandler handler(
            String operationId,
            int status,
            Duration extraTimeout,
            Function<OperationContext, WebhookCommand<?>> command) {
        return new JsonOperationHandler(
                operationId,
                status,
                request -> webhooks.send(command.apply(request), request, extraTimeout)
                        .map(RecordJson::encode));
    }

    private Future<JsonObject> create(OperationContext request) {
        return webhooks.send(
                        new CreateWebhook(request.user(), WebhookRequestParser.parseSpec(request)), request, dnsTimeout)
                .map(created -> {
                    request.response()
                            .putHeader(
                                    HttpHeaders.LOCATION,
                                    "/api/webhooks/" + created.webhook().id())
                            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
                    return RecordJson.encode(created.webhook())
                            .put("secret", created.secret().secret());
                });
    }

    private Future<JsonObject> sendForSecret(WebhookCommand<SigningSecret> command, OperationContext request) {
        return webhooks.send(command, request).map(secret -> {
            request.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
            return RecordJson.encode(secret);
        });
    }

    private static UUID webhookId(OperationContext request) {
        return request.uuid("webhookId");
    }
}
