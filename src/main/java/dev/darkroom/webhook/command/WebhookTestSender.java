package dev.darkroom.webhook.command;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.webhook.DeliveryFailure;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookEventTypes;
import dev.darkroom.webhook.WebhookPayloadFactory;
import dev.darkroom.webhook.WebhookSigner;
import dev.darkroom.webhook.command.WebhookResult.TestOutcome;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.UUID;

/** Sends a test event to a webhook. Stores nothing; a failure does not count as a failure of the webhook. Usable from any event loop. */
record WebhookTestSender(GuardedHttpClient httpClient, RetryAfterParser retryAfterParser) {

    /** Sends the test event. Completes with the outcome, never fails. */
    Future<TestOutcome> sendTest(UUID webhookId, WebhookStore.TestTarget testTarget) {
        String id = UUID.randomUUID().toString();
        JsonObject data = new JsonObject().put("webhookId", webhookId.toString());
        String timestamp = Rfc3339Timestamp.format(testTarget.sentAt());
        Buffer body = Buffer.buffer(
                testTarget.payloadFormat() == PayloadFormat.STANDARD
                        ? WebhookPayloadFactory.standardWebhook(WebhookEventTypes.TEST, timestamp, data)
                        : CloudEventFactory.create(id, "urn:darkroom", WebhookEventTypes.TEST, timestamp, data)
                                .encode());
        long startNanos = System.nanoTime();
        return httpClient
                .post(
                        testTarget.url(),
                        WebhookSigner.signedHeaders(
                                id,
                                testTarget.sentAt().toEpochSecond(),
                                testTarget.payloadFormat(),
                                testTarget.secrets(),
                                body),
                        body,
                        new HttpExchange())
                .transform(done -> {
                    DeliveryFailure deliveryFailure = done.succeeded()
                            ? DeliveryFailure.of(done.result(), retryAfterParser)
                            : DeliveryFailure.of((HttpCallException) done.cause());
                    return Future.succeededFuture(new TestOutcome(
                            deliveryFailure == null,
                            (System.nanoTime() - startNanos) / 1_000_000,
                            done.succeeded() ? done.result().status() : null,
                            deliveryFailure == null ? null : deliveryFailure.code()));
                });
    }
}
