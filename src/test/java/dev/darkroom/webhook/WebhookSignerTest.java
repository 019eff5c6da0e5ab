package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Verifies signatures with the reference library of Standard Webhooks. */
class WebhookSignerTest {
    private static final String ID = "01a209f3-5c1e-7b8a-9c55-2f6d1a0b7e44";
    private static final String BODY = "{\"type\":\"generation.ended\",\"data\":{\"name\":\"Ærø\"}}";

    private final byte[] secret = WebhookSigner.generateSecret(new SecureRandom());
    private final byte[] previous = WebhookSigner.generateSecret(new SecureRandom());
    private final long now = System.currentTimeMillis() / 1000;

    private HttpHeaders signed(List<byte[]> secrets, long at) {
        String signature = WebhookSigner.sign(secrets, ID, at, BODY.getBytes(StandardCharsets.UTF_8));
        return HttpHeaders.of(
                Map.of(
                        "webhook-id", List.of(ID),
                        "webhook-timestamp", List.of(String.valueOf(at)),
                        "webhook-signature", List.of(signature)),
                (name, value) -> true);
    }

    private static Webhook receiver(byte[] secret) throws Exception {
        return new Webhook(WebhookSigner.encodeSecret(secret));
    }

    @Test
    void signsTheDocumentedExample() {
        byte[] known = Base64.getDecoder().decode("ZGFya3Jvb20tZXhhbXBsZS1zZWNyZXQtMzItYnl0ZXM=");
        String body = "{\"type\":\"generation.ended\",\"timestamp\":\"2026-11-23T18:02:11.482Z\",\"data\":"
                + "{\"generationId\":\"01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10\",\"status\":\"COMPLETE\",\"imageCount\":2,"
                + "\"failedAttempts\":1}}";
        assertThat(WebhookSigner.sign(List.of(known), ID, 1795456932L, body.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("v1,XKsOU0kB/1NUPQkd7pupQCBAJjOqiCKdiFiRbIYRrnk=");
    }

    @Test
    void referenceLibraryAcceptsSignatures() throws Exception {
        receiver(secret).verify(BODY, signed(List.of(secret), now));
    }

    @Test
    void signsWithBothSecretsDuringRotation() throws Exception {
        HttpHeaders both = signed(List.of(secret, previous), now);
        receiver(secret).verify(BODY, both);
        receiver(previous).verify(BODY, both);
        assertThat(both.firstValue("webhook-signature").orElseThrow().split(" "))
                .hasSize(2);
    }

    @Test
    void referenceLibraryRejectsChangedBodyWrongSecretAndOldTimestamp() {
        HttpHeaders valid = signed(List.of(secret), now);
        assertThatThrownBy(() -> receiver(secret).verify(BODY + " ", valid))
                .isInstanceOf(WebhookVerificationException.class);
        assertThatThrownBy(() -> receiver(previous).verify(BODY, valid))
                .isInstanceOf(WebhookVerificationException.class);
        assertThatThrownBy(() -> receiver(secret).verify(BODY, signed(List.of(secret), now - 600)))
                .isInstanceOf(WebhookVerificationException.class);
    }
}
