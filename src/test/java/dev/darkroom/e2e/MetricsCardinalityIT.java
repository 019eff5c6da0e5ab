package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.MetricsScrape;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.WebhookReceiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that chooses methods, paths, headers, ids and receivers at random adds no time series. */
class MetricsCardinalityIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(
            DarkroomInstanceSettings.forTests().smallProcess().webhooksOnLoopback());

    private static final int REQUESTS = 10;

    private static String randomText() {
        return "x" + UUID.randomUUID().toString().replace("-", "");
    }

    private static void send(String method, String path) {
        String headers = "Host: " + service.darkroom().api().getAuthority() + "\r\nUser-Agent: " + randomText()
                + "\r\nX-Request-Id: " + randomText() + "\r\n" + randomText() + ": " + randomText()
                + "\r\nConnection: close\r\n";
        RawHttpClient.sendAndRead(service.darkroom().api(), RawHttpClient.requestHead(method, path, headers));
    }

    /** Sends requests of the same kinds in each round, with other values. */
    private static void sendRound(int webhookStatus) {
        for (int i = 0; i < REQUESTS; i++) {
            send(randomText().replaceAll("[0-9]", "G").toUpperCase(Locale.ROOT), "/api/generation");
            send("GET", "/" + randomText() + "?" + randomText());
            send("GET", "/api/generation/" + UUID.randomUUID());
            send("DELETE", "/api/generation/" + randomText());
            send("GET", "/api/images/" + randomText() + ".png");
        }
        // Each receiver has a port of its own, and returns a status of its own.
        for (int status : List.of(200, webhookStatus)) {
            try (WebhookReceiver receiver = new WebhookReceiver()) {
                receiver.script("/" + status, WebhookReceiver.ResponseStep.withStatus(status));
                String id = service.client()
                        .create(new JsonObject()
                                .put("prompt", randomText())
                                .put("webhookUrl", receiver.url("/" + status)))
                        .getString("id");
                service.client().awaitEnd(id);
                Awaitility.await("the delivery")
                        .until(() -> !receiver.receivedRequests("/" + status).isEmpty());
            }
        }
    }

    /** Returns the series of the service and of Vert.x. Those of the JVM depend on its collector. */
    private static Set<String> series() {
        return MetricsScrape.of(service.darkroom()).series().stream()
                .filter(one -> !one.name().startsWith("jvm_"))
                .map(MetricsScrape.Series::id)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static double deliveries() {
        return MetricsScrape.of(service.darkroom()).sum("darkroom_webhook_attempts_total", Map.of());
    }

    @Test
    void randomRequestsAddNoSeries() {
        // given
        sendRound(418);
        Awaitility.await("the first deliveries").until(() -> deliveries() >= 2);
        Set<String> before = series();

        // when
        sendRound(444);
        Awaitility.await("the second deliveries").until(() -> deliveries() >= 4);

        // then
        assertThat(series()).isEqualTo(before);
        assertThat(before).anyMatch(id -> id.contains("method=OTHER") && id.contains("server=API"));
    }
}
