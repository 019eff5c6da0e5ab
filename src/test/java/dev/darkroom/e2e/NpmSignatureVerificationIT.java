package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.WebhookReceiver;
import dev.darkroom.testing.WebhookReceiver.ReceivedRequest;
import io.vertx.core.json.JsonObject;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Signatures of real deliveries, verified by the Node libraries of receivers with the secrets before and after a
 * rotation.
 */
@Tag("npm")
class NpmSignatureVerificationIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @Test
    void nodeLibrariesVerifyDeliveries() throws Exception {
        try (WebhookReceiver webhookReceiver = new WebhookReceiver()) {
            // given
            byte[] body = new JsonObject()
                    .put("url", webhookReceiver.url("/node"))
                    .toBuffer()
                    .getBytes();
            JsonObject webhook = service.client()
                    .send("POST", "/api/webhooks", Map.of("Content-Type", "application/json"), body)
                    .json();
            String next = service.client()
                    .send("POST", "/api/webhooks/" + webhook.getString("id") + "/rotate-secret", Map.of(), null)
                    .json()
                    .getString("secret");

            // when
            service.client().create("A lighthouse");
            ReceivedRequest delivery = Awaitility.await("a delivery")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> webhookReceiver.receivedRequests("/node"), requests -> !requests.isEmpty())
                    .get(0);

            // then
            for (String secret : new String[] {webhook.getString("secret"), next}) {
                assertThat(verify(secret, delivery))
                        .contains("standardwebhooks verified " + delivery.id(), "svix verified " + delivery.id());
            }
        }
    }

    private static String verify(String secret, ReceivedRequest delivery) throws Exception {
        JsonObject message = new JsonObject()
                .put("secret", secret)
                .put("headers", new JsonObject(Map.copyOf(delivery.headers())))
                .put("body", delivery.body());
        Process node = new ProcessBuilder("node", "verify.mjs")
                .directory(Path.of("src", "webhooks").toFile())
                .redirectErrorStream(true)
                .start();
        try (OutputStream input = node.getOutputStream()) {
            input.write(message.toBuffer().getBytes());
        }
        String output = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(node.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(node.exitValue()).as(output).isZero();
        return output;
    }
}
