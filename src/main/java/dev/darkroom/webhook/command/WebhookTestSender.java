package dev.darkroom.webhook.command;

import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.webhook.DeliveryFailure;
import dev.darkroom.webhook.PayloadFactory;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookEventTypes;
import dev.darkroom.webhook.WebhookRequestHeaders;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.util.UUID;

/** Sends a test event to a webhook. Stores nothing; a failure does not count as a failure of the webhook. Usable from any event loop. */
final class WebhookTestSender {
    private final GuardedHttpClient httpClient;
    private final RetryAfterParser retryAfterParser = new RetryAfterParser(Clock.systemUTC());

    WebhookTestSender(GuardedHttpClient guardedHttpClient) {
        this.httpClient = guardedHttpClient;
    }

    /** Sends the test event. Completes with the {@code outcome} of the command reply, never fails. */
    Future<JsonObject> sendTest(UUID webhookId, WebhookStore.TestTarget testTarget) {
        String id = UUID.randomUUID().toString();
        JsonObject data = new JsonObject().put("webhookId", webhookId.toString());
        Buffer body = Buffer.buffer(
                testTarget.payloadFormat() == PayloadFormat.STANDARD
                        ? PayloadFactory.standardWebhook(WebhookEventTypes.TEST, testTarget.timestamp(), data)
                        : PayloadFactory.cloudEvent(
                                        id, "urn:darkroom", WebhookEventTypes.TEST, testTarget.timestamp(), data)
                                .encode());
        long startNanos = System.nanoTime();
        return httpClient
                .post(
                        testTarget.url(),
                        WebhookRequestHeaders.of(
                                id, testTarget.sentAtSeconds(), testTarget.payloadFormat(), testTarget.secrets(), body),
                        body,
                        new HttpExchange())
                .transform(done -> {
                    DeliveryFailure deliveryFailure = done.succeeded()
                            ? DeliveryFailure.of(done.result(), retryAfterParser)
                            : DeliveryFailure.of((HttpCallException) done.cause());
                    JsonObject outcome = new JsonObject()
                            .put("delivered", deliveryFailure == null)
                            .put("durationMs", (System.nanoTime() - startNanos) / 1_000_000);
                    if (done.succeeded()) {
                        outcome.put("httpStatus", done.result().status());
                    }
                    if (deliveryFailure != null) {
                        outcome.put("code", deliveryFailure.code());
                    }
                    return Future.succeededFuture(outcome);
                });
    }
}
