package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.docs.MetricsPage.Row;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.MetricsScrape;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.WebhookReceiver;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares {@code docs/metrics.md} with the metrics of a service after requests of all kinds. */
class MetricsPageIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(
            DarkroomInstanceSettings.forTests().smallProcess().webhooksOnLoopback());

    /** Counts requests that no handler receives, which need a process without handlers. */
    private static final String REPLY_FAILURES = "vertx_eventbus_reply_failures_total";

    /** Begin of the metrics that need a broker. */
    private static final String KAFKA = "darkroom_kafka_";

    private static MetricsScrape scrape() {
        return MetricsScrape.of(service.darkroom());
    }

    /** Uses the parts of the service that have metrics of their own: one generation with a failed first attempt. */
    @BeforeAll
    static void useEverything() {
        try (WebhookReceiver receiver = new WebhookReceiver()) {
            useEverything(receiver);
        }
    }

    private static void useEverything(WebhookReceiver receiver) {
        service.aiServer().script(new JsonObject().put("status", 500));
        try (SseClient stream = SseClient.openNotifications(service.client())) {
            String id = service.client()
                    .create(new JsonObject().put("prompt", "a lake").put("webhookUrl", receiver.url("/ended")))
                    .getString("id");
            service.client().awaitEnd(id);
            stream.awaitEvent("notification");
            service.client().delete(id);
        }
        Awaitility.await("the delivery")
                .until(() -> scrape().sum("darkroom_webhook_attempts_total", Map.of("outcome", "DELIVERED")) > 0);
        Awaitility.await("the closed stream")
                .until(() -> scrape().sum("vertx_http_server_request_resets_total", Map.of()) > 0);
        System.gc();
    }

    @ParameterizedTest
    @CsvSource({
        "darkroom_generations_accepted_total, , , 1",
        "darkroom_generations_ended_total, status, COMPLETE, 1",
        "darkroom_generation_duration_seconds_count, status, COMPLETE, 1",
        "darkroom_generation_queue_seconds_count, attempt, FIRST, 1",
        "darkroom_generation_queue_seconds_count, attempt, LATER, 1",
        "darkroom_attempts_total, failure, SERVER_ERROR, 1",
        "darkroom_attempts_total, outcome, SUCCEEDED, 1",
        "darkroom_attempt_duration_seconds_count, outcome, RETRYABLE, 1",
        "darkroom_submissions_total, backend, default, 2",
        "darkroom_backend_breaker_state, state, CLOSED, 1",
        "darkroom_backend_breaker_state, state, OPEN, 0",
        "darkroom_image_store_operation_seconds_count, operation, PUT, 1",
        "darkroom_notification_delivery_seconds_count, , , 1",
        "darkroom_stream_open_seconds_count, , , 1",
        "darkroom_streams_open, , , 0",
        "darkroom_webhook_lag_seconds_count, attempt, FIRST, 1",
        "darkroom_webhook_attempts_total, outcome, DELIVERED, 1",
        "darkroom_notify_connected, , , 1",
        "darkroom_node_valid, , , 1",
        "darkroom_image_store_failing, , , 0",
        "vertx_http_server_requests_total, method, DELETE, 1",
    })
    void countsOneGenerationWithARetry(String name, String label, String value, double expected) {
        // then
        assertThat(scrape().sum(name, label == null ? Map.of() : Map.of(label, value)))
                .isEqualTo(expected);
    }

    @Test
    void pageAndMetricsAgree() {
        // when
        MetricsScrape scrape = scrape();
        List<Row> rows = MetricsPage.rows();

        // then
        Set<String> documented = new TreeSet<>();
        rows.forEach(row -> documented.addAll(MetricsPage.names(row)));
        assertThat(scrape.types().keySet()).isSubsetOf(documented);
        assertThat(rows.stream().map(Row::name).filter(name -> !name.equals(REPLY_FAILURES) && !name.startsWith(KAFKA)))
                .isSubsetOf(scrape.types().keySet());
        List<String> differences = new ArrayList<>();
        for (Row row : rows) {
            compare(row, scrape, differences);
        }
        assertThat(differences).isEmpty();
    }

    private static void compare(Row row, MetricsScrape scrape, List<String> differences) {
        String type = scrape.types().get(row.name());
        if (type != null && !type.equals(row.type())) {
            differences.add(row.name() + " is a " + type);
        }
        String withoutTotal = row.name().replaceFirst("_total$", "");
        boolean hasUnit = withoutTotal.endsWith("_seconds") || withoutTotal.endsWith("_bytes");
        boolean agrees = row.unit().equals("1") ? !hasUnit : withoutTotal.endsWith("_" + row.unit());
        if (row.name().startsWith("darkroom_") && !agrees) {
            differences.add(row.name() + " has not the unit " + row.unit());
        }
        for (MetricsScrape.Series one : scrape.series()) {
            if (scrape.metricOf(one).equals(row.name())) {
                Set<String> labels = new TreeSet<>(one.labels().keySet());
                labels.remove("le");
                if (!labels.equals(row.labels().keySet())) {
                    differences.add(row.name() + " has the labels " + labels);
                }
                row.labels().forEach((name, values) -> {
                    if (!values.isEmpty() && !values.contains(one.labels().get(name))) {
                        differences.add(one.id() + " has an unlisted value");
                    }
                });
            }
        }
    }
}
