package dev.darkroom.webhook;

import dev.darkroom.egress.CallFailedException;
import dev.darkroom.egress.CallHandle;
import dev.darkroom.egress.Courier;
import dev.darkroom.egress.RetryAfter;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.util.UUID;

/** Calls an endpoint because its owner wants to know whether it works. Nothing of it is on record, and its failure blames nobody. */
final class Tester {
    private final Courier courier;
    private final RetryAfter retryAfter = new RetryAfter(Clock.systemUTC());

    Tester(Courier courier) {
        this.courier = courier;
    }

    /** What came of it; never fails. */
    Future<JsonObject> test(UUID webhookId, WebhookStore.Signing signing) {
        String id = UUID.randomUUID().toString();
        JsonObject data = new JsonObject().put("webhookId", webhookId.toString());
        Buffer body = Buffer.buffer(
                signing.format() == Format.STANDARD
                        ? Bodies.standard(WebhookEvents.TEST, signing.at(), data)
                        : Bodies.cloudEvent(id, "urn:darkroom", WebhookEvents.TEST, signing.at(), data)
                                .encode());
        long begunAt = System.nanoTime();
        return courier.post(
                        signing.url(),
                        MessageHeaders.of(id, signing.sentAt(), signing.format(), signing.secrets(), body),
                        body,
                        new CallHandle())
                .transform(done -> {
                    Failure failure = done.succeeded()
                            ? Failure.of(done.result(), retryAfter)
                            : Failure.of((CallFailedException) done.cause());
                    JsonObject outcome = new JsonObject()
                            .put("delivered", failure == null)
                            .put("durationMs", (System.nanoTime() - begunAt) / 1_000_000);
                    if (done.succeeded()) {
                        outcome.put("httpStatus", done.result().status());
                    }
                    if (failure != null) {
                        outcome.put("code", failure.code());
                    }
                    return Future.succeededFuture(outcome);
                });
    }
}
