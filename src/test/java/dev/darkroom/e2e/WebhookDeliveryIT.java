package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.AsyncApiMessageValidator;
import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.WebhookReceiver;
import dev.darkroom.testing.WebhookReceiver.ReceivedRequest;
import dev.darkroom.testing.WebhookReceiver.ResponseStep;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deliveries to webhooks: signatures, retries, redelivery, changes and limits. */
class WebhookDeliveryIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static final WebhookReceiver webhookReceiver = new WebhookReceiver();

    /** Each test has a user of its own, so that no delivery of another test takes a step of its scripts. */
    private static DarkroomExtension.User user;

    @BeforeEach
    void createUser() {
        user = service.newUser();
    }

    @AfterAll
    static void close() {
        webhookReceiver.close();
    }

    @AfterEach
    void deleteAll() {
        client().get("/api/webhooks?limit=100").json().getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .forEach(webhook -> send("DELETE", "/api/webhooks/" + webhook.getString("id"), null));
        DatabaseInvariants.assertNoViolations(
                service.database(), service.directory().resolve("data/images"));
    }

    private static ApiClient client() {
        return user.client();
    }

    private static ApiResponse send(String method, String path, JsonObject body) {
        return sendText(method, path, body == null ? null : body.encode());
    }

    private static ApiResponse sendText(String method, String path, String body) {
        return client().send(
                        method,
                        path,
                        body == null ? Map.of() : Map.of("Content-Type", "application/json"),
                        body == null ? null : body.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertRejected(ApiResponse apiResponse, int status) {
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(status);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("application/problem+json");
    }

    private static JsonObject webhook(String path) {
        return webhook(new JsonObject().put("url", webhookReceiver.url(path)));
    }

    private static JsonObject webhook(JsonObject request) {
        ApiResponse apiResponse = send("POST", "/api/webhooks", request);
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(201);
        return apiResponse.json();
    }

    private static String pathOf(JsonObject webhook, String operation) {
        return "/api/webhooks/" + webhook.getString("id") + operation;
    }

    private static JsonObject read(JsonObject webhook) {
        return client().get(pathOf(webhook, "")).json();
    }

    private static List<JsonObject> deliveries(JsonObject webhook) {
        return client().get(pathOf(webhook, "/deliveries?limit=100")).json().getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private static <T> T await(String description, Callable<T> found, Predicate<T> expected) {
        return Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(found, expected::test);
    }

    private static List<ReceivedRequest> awaitReceived(String path, int count) {
        return await(path, () -> webhookReceiver.receivedRequests(path), elements -> elements.size() >= count);
    }

    private static JsonObject awaitDelivery(JsonObject webhook, String status) {
        return await(
                        "a delivery that is " + status,
                        () -> deliveries(webhook),
                        elements -> elements.stream()
                                .anyMatch(element -> element.getString("status").equals(status)))
                .stream()
                .filter(element -> element.getString("status").equals(status))
                .findFirst()
                .orElseThrow();
    }

    private static List<JsonObject> attempts(JsonObject delivery) {
        return delivery.getJsonArray("attempts").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private static void verify(ReceivedRequest receivedRequest, String secret) throws Exception {
        if (receivedRequest.headers().get("content-type").equals("application/json")) {
            AsyncApiMessageValidator.validateWebhook(receivedRequest.headers(), receivedRequest.json());
        }
        new Webhook(secret)
                .verify(
                        receivedRequest.body(),
                        HttpHeaders.of(
                                receivedRequest.headers().entrySet().stream()
                                        .collect(Collectors.toMap(
                                                Map.Entry::getKey, element -> List.of(element.getValue()))),
                                (name, value) -> true));
    }

    private static String completeGeneration() {
        return client().awaitEnd(client().create("A lighthouse")).getString("id");
    }

    @Test
    void deliversEndOfGenerationWithValidSignature() throws Exception {
        // given
        JsonObject webhook = webhook("/healthy");

        // when
        String id = completeGeneration();

        // then
        ReceivedRequest received = awaitReceived("/healthy", 1).get(0);
        verify(received, webhook.getString("secret"));
        assertThat(received.json().getString("type")).isEqualTo("generation.ended");
        assertThat(received.json().getJsonObject("data").getString("generationId"))
                .isEqualTo(id);
        assertThat(received.json().getJsonObject("data").getString("status")).isEqualTo("COMPLETE");
        assertThat(received.headers()).containsEntry("content-type", "application/json");
        JsonObject delivery = awaitDelivery(webhook, "DELIVERED");
        assertThat(delivery.getString("notificationId")).isEqualTo(received.id());
        assertThat(attempts(delivery))
                .singleElement()
                .satisfies(
                        attempt -> assertThat(attempt.getInteger("httpStatus")).isEqualTo(204));
        assertThat(read(webhook).containsKey("secret")).isFalse();
    }

    @Test
    void retriesWithSameIdAndBody() throws Exception {
        // given
        webhookReceiver.script(
                "/failing",
                ResponseStep.withStatus(500),
                ResponseStep.closeConnection(),
                ResponseStep.withStatus(503),
                ResponseStep.withStatus(200));
        JsonObject webhook = webhook("/failing");

        // when
        completeGeneration();

        // then
        JsonObject delivery = awaitDelivery(webhook, "DELIVERED");
        assertThat(attempts(delivery))
                .extracting(attempt -> attempt.getString("outcome") + " " + attempt.getString("code"))
                .containsExactly("FAILED HTTP_500", "FAILED NO_RESPONSE", "FAILED HTTP_503", "DELIVERED null");
        List<ReceivedRequest> received = webhookReceiver.receivedRequests("/failing");
        assertThat(received).extracting(ReceivedRequest::id).containsOnly(delivery.getString("notificationId"));
        assertThat(received)
                .extracting(ReceivedRequest::body)
                .containsOnly(received.get(0).body());
        for (ReceivedRequest each : received) {
            verify(each, webhook.getString("secret"));
        }
        assertThat(read(webhook).containsKey("failingSince")).isFalse();
    }

    @Test
    void treatsRedirectAsFailure() {
        webhookReceiver.script(
                "/moved", ResponseStep.withStatus(301), ResponseStep.withStatus(307), ResponseStep.withStatus(204));
        JsonObject webhook = webhook("/moved");
        completeGeneration();
        assertThat(attempts(awaitDelivery(webhook, "DELIVERED")))
                .extracting(attempt -> attempt.getString("code"))
                .containsExactly("REDIRECTED", "REDIRECTED", null);
        assertThat(webhookReceiver.receivedRequests("/elsewhere")).isEmpty();
    }

    @Test
    void disablesWebhookAfterGoneAndNotifiesOwner() {
        // given
        webhookReceiver.script("/gone", ResponseStep.withStatus(410));
        JsonObject other = webhook("/notified");
        JsonObject webhook = webhook("/gone");

        // when
        completeGeneration();

        // then
        JsonObject disabled = await("disabled", () -> read(webhook), found -> !found.getBoolean("enabled"));
        assertThat(disabled.getString("disabledReason")).isEqualTo("GONE");
        assertThat(attempts(awaitDelivery(webhook, "FAILED"))).hasSize(1);
        assertThat(await(
                        "the notification",
                        () -> webhookReceiver.receivedRequests("/notified"),
                        elements -> elements.stream()
                                .anyMatch(element ->
                                        element.json().getString("type").equals("webhook.disabled"))))
                .filteredOn(element -> element.json().getString("type").equals("webhook.disabled"))
                .extracting(element -> element.json().getJsonObject("data").getString("webhookId"))
                .contains(webhook.getString("id"));
        completeGeneration();
        assertThat(deliveries(webhook)).hasSize(1);
        assertThat(read(other).getBoolean("enabled")).isTrue();
    }

    @Test
    void disablesWebhookAfterFiveDaysOfFailures() {
        // given an endpoint that has failed for five days, and one that has failed for slightly less
        webhookReceiver.script("/failing-5-days", ResponseStep.withStatus(500));
        webhookReceiver.script("/failing-4-days", ResponseStep.withStatus(500));
        JsonObject webhook = webhook("/failing-5-days");
        JsonObject patient = webhook("/failing-4-days");
        failingFor(webhook, "5 days 1 second");
        failingFor(patient, "4 days 23 hours");

        // when
        completeGeneration();

        // then
        JsonObject disabled = await("disabled", () -> read(webhook), found -> !found.getBoolean("enabled"));
        assertThat(disabled.getString("disabledReason")).isEqualTo("FAILING_FOR_5_DAYS");
        awaitDelivery(patient, "FAILED");
        assertThat(read(patient).getBoolean("enabled")).isTrue();
    }

    private static void failingFor(JsonObject webhook, String interval) {
        TestPostgres.execute(
                service.database(),
                "UPDATE webhooks SET failing_since = now() - interval '" + interval + "' WHERE id = '"
                        + webhook.getString("id") + "'");
    }

    @Test
    void honorsRetryAfterWithinLimits() {
        // given a retry delay of 100 ms
        webhookReceiver.script(
                "/busy", new ResponseStep(429, "3600"), ResponseStep.withStatus(413), ResponseStep.withStatus(204));
        JsonObject webhook = webhook("/busy");

        // when
        completeGeneration();

        // then
        List<JsonObject> attempts = attempts(awaitDelivery(webhook, "DELIVERED"));
        assertThat(attempts)
                .extracting(attempt -> attempt.getString("code"))
                .containsExactly("HTTP_429", "HTTP_413", null);
        Instant failed = Instant.parse(attempts.get(0).getString("finishedAt"));
        assertThat(Duration.between(failed, Instant.parse(attempts.get(0).getString("retryAt"))))
                .isBetween(Duration.ofMillis(198), Duration.ofMillis(202));
    }

    @Test
    void unavailableReceiversDoNotDelayOthers() throws Exception {
        // given receivers that are down, never respond, respond without end, speak no TLS or have an untrusted
        // certificate
        webhookReceiver.script("/never", ResponseStep.noResponse());
        webhookReceiver.script("/slow-body", ResponseStep.slowBody());
        webhookReceiver.script("/huge", ResponseStep.oversizedBody());
        List<JsonObject> slow = List.of(webhook("/never"), webhook("/slow-body"), webhook("/huge"));
        try (BrokenServer silent = BrokenServer.neverResponding();
                BrokenServer plain = BrokenServer.withoutTls();
                BrokenServer untrusted = BrokenServer.withUntrustedCertificate()) {
            webhook(new JsonObject().put("url", "http://127.0.0.1:1/"));
            webhook(new JsonObject().put("url", silent.url().toString()));
            JsonObject noTls = webhook(new JsonObject().put("url", plain.url().toString()));
            JsonObject badTls =
                    webhook(new JsonObject().put("url", untrusted.url().toString()));
            JsonObject healthy = webhook("/in-time");

            // when generations end, and one is cancelled
            service.aiServer().script(new JsonObject().put("hang", true));
            String hanging = client().create("A lighthouse");
            for (int i = 0; i < 5; i++) {
                assertThat(completeGeneration()).isNotNull();
            }
            assertThat(client().cancel(hanging).status()).isEqualTo(200);

            // then the healthy receiver gets all deliveries long before the others
            awaitReceived("/in-time", 6);
            assertThat(deliveries(slow.get(0)))
                    .filteredOn(element -> element.getString("status").equals("PENDING"))
                    .isNotEmpty();
            assertThat(webhookReceiver.maxConcurrentRequests("/never")).isLessThanOrEqualTo(2);
            assertThat(attempts(awaitDelivery(badTls, "FAILED")))
                    .extracting(attempt -> attempt.getString("code"))
                    .containsOnly("TLS_FAILED");
            assertThat(attempts(awaitDelivery(noTls, "FAILED")))
                    .extracting(attempt -> attempt.getString("outcome"))
                    .containsOnly("FAILED");
            assertThat(attempts(awaitDelivery(slow.get(1), "DELIVERED"))).hasSize(1);
            assertThat(attempts(awaitDelivery(slow.get(2), "DELIVERED"))).hasSize(1);
            assertThat(await(
                            "an attempt that timed out",
                            () -> deliveries(slow.get(0)).stream()
                                    .flatMap(element -> attempts(element).stream())
                                    .toList(),
                            elements -> !elements.isEmpty()))
                    .extracting(attempt -> attempt.getString("code"))
                    .containsOnly("TIMEOUT");
            assertThat(deliveries(healthy))
                    .extracting(element -> element.getString("status"))
                    .containsOnly("DELIVERED");
        }
    }

    @Test
    void deliversToWebhookUrlOfRequest() throws Exception {
        // given
        String secret = client().get("/api/webhook-secret").json().getString("secret");

        // when
        String id = client().create(
                        new JsonObject().put("prompt", "A pier").put("webhookUrl", webhookReceiver.url("/once")))
                .getString("id");

        // then
        ReceivedRequest received = awaitReceived("/once", 1).get(0);
        verify(received, secret);
        assertThat(received.json().getJsonObject("data").getString("generationId"))
                .isEqualTo(id);
        assertThat(client().generation(id).encode()).doesNotContain("/once");
        assertThat(client().get("/api/webhook-secret").json().getString("secret"))
                .isEqualTo(secret);

        // and after a rotation both secrets sign
        String next = send("POST", "/api/webhook-secret/rotate", null).json().getString("secret");
        client().create(new JsonObject().put("prompt", "A pier").put("webhookUrl", webhookReceiver.url("/once")));
        ReceivedRequest again = awaitReceived("/once", 2).get(1);
        verify(again, secret);
        verify(again, next);
    }

    @Test
    void signsWithOldAndNewSecretAfterRotation() throws Exception {
        JsonObject webhook = webhook("/rotated");
        JsonObject rotated =
                send("POST", pathOf(webhook, "/rotate-secret"), null).json();
        assertThat(Instant.parse(rotated.getString("previousSecretExpiresAt"))).isAfter(Instant.now());
        completeGeneration();
        ReceivedRequest received = awaitReceived("/rotated", 1).get(0);
        verify(received, webhook.getString("secret"));
        verify(received, rotated.getString("secret"));
    }

    @Test
    void deliversCloudEventsWhenConfigured() throws Exception {
        JsonObject webhook = webhook(new JsonObject()
                .put("url", webhookReceiver.url("/cloud"))
                .put("format", "CLOUDEVENTS")
                .put("eventTypes", new JsonArray().add("generation.ended")));
        String id = completeGeneration();
        ReceivedRequest received = awaitReceived("/cloud", 1).get(0);
        verify(received, webhook.getString("secret"));
        assertThat(received.headers()).containsEntry("content-type", "application/cloudevents+json");
        assertThat(received.json().getString("specversion")).isEqualTo("1.0");
        assertThat(received.json().getString("id")).isEqualTo(received.id());
        assertThat(received.json().getString("type")).isEqualTo("dev.darkroom.generation.ended");
        assertThat(received.json().getString("subject")).isEqualTo(id);
    }

    @Test
    void testDeliveryReportsResult() throws Exception {
        webhookReceiver.script("/tested", ResponseStep.withStatus(204), ResponseStep.withStatus(401));
        JsonObject webhook = webhook("/tested");
        assertThat(send("POST", pathOf(webhook, "/test"), null).json().getBoolean("delivered"))
                .isTrue();
        verify(webhookReceiver.receivedRequests("/tested").get(0), webhook.getString("secret"));
        JsonObject rejected = send("POST", pathOf(webhook, "/test"), null).json();
        assertThat(rejected.getBoolean("delivered")).isFalse();
        assertThat(rejected.getString("code")).isEqualTo("HTTP_401");
        assertThat(deliveries(webhook)).isEmpty();
        assertThat(read(webhook).containsKey("failingSince")).isFalse();
    }

    @Test
    void redeliversFailedAndMissedNotifications() {
        // given a failed delivery, a missed one and a successful one
        String before = Instant.now().minusSeconds(5).toString();
        webhookReceiver.script("/again", ResponseStep.withStatus(500));
        JsonObject webhook = webhook("/again");
        completeGeneration();
        JsonObject failed = awaitDelivery(webhook, "FAILED");
        assertThat(attempts(failed)).hasSize(5);
        send("POST", pathOf(webhook, "/disable"), null);
        String missed = completeGeneration();
        assertThat(send("POST", pathOf(webhook, "/redeliver"), new JsonObject().put("after", before))
                        .status())
                .isEqualTo(409);
        assertThat(send("POST", pathOf(webhook, "/enable"), null).json().getBoolean("enabled"))
                .isTrue();
        webhookReceiver.script("/again", ResponseStep.withStatus(204));
        completeGeneration();
        awaitDelivery(webhook, "DELIVERED");
        int soFar = webhookReceiver.receivedRequests("/again").size();

        // when
        JsonObject queued = send("POST", pathOf(webhook, "/redeliver"), new JsonObject().put("after", before))
                .json();

        // then
        assertThat(queued.getInteger("queued")).isGreaterThanOrEqualTo(2);
        await(
                "failed and missed notifications",
                () -> webhookReceiver.receivedRequests("/again").stream()
                        .skip(soFar)
                        .toList(),
                received -> received.stream()
                                .anyMatch(element -> element.id().equals(failed.getString("notificationId")))
                        && received.stream().anyMatch(element -> element.body().contains(missed)));
        await(
                "all delivered",
                () -> deliveries(webhook),
                elements -> elements.stream()
                        .allMatch(element -> element.getString("status").equals("DELIVERED")));

        // and a successful delivery can be redelivered by hand
        int now = webhookReceiver.receivedRequests("/again").size();
        JsonObject delivered = deliveries(webhook).get(0);
        assertThat(send("POST", pathOf(webhook, "/deliveries/" + delivered.getString("id") + "/redeliver"), null)
                        .status())
                .isEqualTo(202);
        assertThat(awaitReceived("/again", now + 1).get(now).id()).isEqualTo(delivered.getString("notificationId"));
    }

    @Test
    void doesNotLogRejectedChange() {
        // given
        JsonObject webhook = webhook("/unchanged");
        String unknown = UUID.randomUUID().toString();

        // when
        assertRejected(send("PATCH", pathOf(webhook, ""), new JsonObject().put("url", "ftp://127.0.0.1/")), 400);
        assertRejected(
                send(
                        "PATCH",
                        pathOf(webhook, "").replace(webhook.getString("id"), unknown),
                        new JsonObject().put("description", "Nothing")),
                404);
        send("PATCH", pathOf(webhook, ""), new JsonObject().put("description", "Something"));

        // then
        assertThat(service.darkroom().log().stream()
                        .filter(line -> line.contains("webhook updated"))
                        .filter(line -> line.contains(webhook.getString("id")) || line.contains(unknown)))
                .hasSize(1);
    }

    @Test
    void changesListsAndLimitsWebhooks() {
        JsonObject webhook = webhook("/first");
        JsonObject changed = send(
                        "PATCH",
                        pathOf(webhook, ""),
                        new JsonObject()
                                .put("url", webhookReceiver.url("/second"))
                                .put("description", "The shop"))
                .json();
        assertThat(changed.getString("description")).isEqualTo("The shop");
        completeGeneration();
        awaitReceived("/second", 1);
        assertThat(webhookReceiver.receivedRequests("/first")).isEmpty();
        assertThat(client().get(pathOf(webhook, "/deliveries?status=FAILED"))
                        .json()
                        .getJsonArray("items"))
                .isEmpty();
        for (int i = 1; i < DarkroomExtension.WEBHOOKS_PER_USER; i++) {
            webhook("/first");
        }
        assertRejected(
                send("POST", "/api/webhooks", new JsonObject().put("url", webhookReceiver.url("/one-too-many"))), 409);
        JsonObject allWebhooks = client().get("/api/webhooks?limit=100").json();
        assertThat(allWebhooks.getJsonArray("items")).hasSize(DarkroomExtension.WEBHOOKS_PER_USER);
        assertThat(allWebhooks.containsKey("nextCursor")).isFalse();
        assertThat(pages("/api/webhooks?limit=7")).isEqualTo(allWebhooks.getJsonArray("items"));
        assertThat(pages("/api/webhooks?limit=" + DarkroomExtension.WEBHOOKS_PER_USER))
                .isEqualTo(allWebhooks.getJsonArray("items"));
        for (String wrong : List.of("limit=0", "limit=101", "cursor=first", "after=1")) {
            assertRejected(client().get("/api/webhooks?" + wrong), 400);
        }
    }

    /** Reads a list to its last page, which has no cursor. */
    private static JsonArray pages(String list) {
        JsonArray items = new JsonArray();
        String cursor = null;
        do {
            JsonObject page = client().get(list + (cursor == null ? "" : "&cursor=" + cursor))
                    .json();
            items.addAll(page.getJsonArray("items"));
            cursor = page.getString("nextCursor");
        } while (cursor != null);
        return items;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data/",
                "http://10.0.0.1/",
                "http://[::ffff:10.0.0.1]/",
                "http://2130706433/",
                "http://user:secret@127.0.0.1/",
                "https://no-such-host.invalid/",
                "ftp://127.0.0.1/"
            })
    void rejectsForbiddenUrlsAtOnce(String url) {
        ApiResponse apiResponse = send("POST", "/api/webhooks", new JsonObject().put("url", url));
        assertRejected(apiResponse, 400);
        assertThat(apiResponse.text()).contains("#/url");
        JsonObject webhook = webhook("/good");
        assertRejected(send("PATCH", pathOf(webhook, ""), new JsonObject().put("url", url)), 400);
        assertRejected(
                client().post(new JsonObject()
                        .put("prompt", "A pier")
                        .put("webhookUrl", url)
                        .encode()),
                400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\u0000", "\\ud800", "\\udc00"})
    void rejectsTextThatPostgresqlCannotStore(String escape) {
        JsonObject webhook = webhook("/good");
        for (String field : List.of("url", "description")) {
            String value = webhookReceiver.url("/") + escape;
            String body = field.equals("url")
                    ? "{\"url\":\"" + value + "\"}"
                    : "{\"url\":\"" + webhookReceiver.url("/") + "\",\"" + field + "\":\"" + value + "\"}";
            for (ApiResponse apiResponse :
                    List.of(sendText("POST", "/api/webhooks", body), sendText("PATCH", pathOf(webhook, ""), body))) {
                assertRejected(apiResponse, 400);
                assertThat(apiResponse
                                .json()
                                .getJsonArray("errors")
                                .getJsonObject(0)
                                .getString("pointer"))
                        .isEqualTo("#/" + field);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-02-30T00:00:00Z", "2016-12-31T23:59:60Z", "2026-11-23T24:00:00Z", "2026-11-23"})
    void rejectsTimesThatDoNotExist(String time) {
        // given
        JsonObject webhook = webhook("/good");

        // when
        ApiResponse apiResponse = send("POST", pathOf(webhook, "/redeliver"), new JsonObject().put("after", time));

        // then
        assertRejected(apiResponse, 400);
        assertThat(apiResponse.json().getJsonArray("errors").getJsonObject(0).getString("pointer"))
                .isEqualTo("#/after");
    }

    @Test
    void doesNotCallUrlThatBecameForbidden() {
        // given an endpoint that was allowed before a change of settings or of DNS
        JsonObject webhook = webhook("/good");
        TestPostgres.execute(
                service.database(),
                "UPDATE webhooks SET url = 'http://169.254.169.254/' WHERE id = '" + webhook.getString("id") + "'");
        completeGeneration();
        assertThat(attempts(awaitDelivery(webhook, "FAILED")))
                .extracting(attempt -> attempt.getString("code"))
                .containsOnly("ADDRESS_NOT_ALLOWED");
    }
}
