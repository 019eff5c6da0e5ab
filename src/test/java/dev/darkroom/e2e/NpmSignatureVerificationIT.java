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

/** What is really sent is verified by the libraries that receivers on Node use, with the secret before a change and the one after it. */
@Tag("npm")
class NpmSignatureVerificationIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @Test
    void theLibrariesOfNodeAcceptWhatIsSent() throws Exception {
        try (WebhookReceiver webhookReceiver = new WebhookReceiver()) {
            // given
            byte[] wanted = new JsonObject()
                    .put("url", webhookReceiver.url("/node"))
                    .toBuffer()
                    .getBytes();
            JsonObject webhook = service.client()
                    .send("POST", "/api/webhooks", Map.of("Content-Type", "application/json"), wanted)
                    .json();
            String next = service.client()
                    .send("POST", "/api/webhooks/" + webhook.getString("id") + "/rotate-secret", Map.of(), null)
                    .json()
                    .getString("secret");

            // when
            service.client().create("A lighthouse");
            ReceivedRequest told = Awaitility.await("a delivery")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> webhookReceiver.receivedRequests("/node"), all -> !all.isEmpty())
                    .get(0);

            // then
            for (String secret : new String[] {webhook.getString("secret"), next}) {
                assertThat(verified(secret, told))
                        .contains("standardwebhooks verified " + told.id(), "svix verified " + told.id());
            }
        }
    }

    private static String verified(String secret, ReceivedRequest told) throws Exception {
        JsonObject message = new JsonObject()
                .put("secret", secret)
                .put("headers", new JsonObject(Map.copyOf(told.headers())))
                .put("body", told.body());
        Process node = new ProcessBuilder("node", "verify.mjs")
                .directory(Path.of("src", "webhooks").toFile())
                .redirectErrorStream(true)
                .start();
        try (OutputStream input = node.getOutputStream()) {
            input.write(message.toBuffer().getBytes());
        }
        String output = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(node.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(node.exitValue()).as(output).isZero();
        return output;
    }
}
