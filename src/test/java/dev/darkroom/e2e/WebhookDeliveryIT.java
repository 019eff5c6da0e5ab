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

/** Servers of users hear of what happens, however they answer, and are in nobody's way. */
class WebhookDeliveryIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static final WebhookReceiver webhookReceiver = new WebhookReceiver();

    /** Each test has a user of its own, so that no delivery of another test takes a step of its scripts. */
    private static DarkroomExtension.User user;

    @BeforeEach
    void makeUser() {
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
        return client().send(
                        method,
                        path,
                        body == null ? Map.of() : Map.of("Content-Type", "application/json"),
                        body == null ? null : body.encode().getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(ApiResponse apiResponse, int status) {
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(status);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("application/problem+json");
    }

    private static JsonObject webhook(String path) {
        return webhook(new JsonObject().put("url", webhookReceiver.url(path)));
    }

    private static JsonObject webhook(JsonObject wanted) {
        ApiResponse apiResponse = send("POST", "/api/webhooks", wanted);
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(201);
        return apiResponse.json();
    }

    private static String of(JsonObject webhook, String operation) {
        return "/api/webhooks/" + webhook.getString("id") + operation;
    }

    private static JsonObject read(JsonObject webhook) {
        return client().get(of(webhook, "")).json();
    }

    private static List<JsonObject> deliveries(JsonObject webhook) {
        return client().get(of(webhook, "/deliveries?limit=100")).json().getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private static <T> T await(String what, Callable<T> found, Predicate<T> expected) {
        return Awaitility.await(what)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(found, expected::test);
    }

    private static List<ReceivedRequest> awaitReceived(String path, int count) {
        return await(path, () -> webhookReceiver.receivedRequests(path), all -> all.size() >= count);
    }

    private static JsonObject awaitDelivery(JsonObject webhook, String status) {
        return await(
                        "a delivery that is " + status,
                        () -> deliveries(webhook),
                        all -> all.stream()
                                .anyMatch(one -> one.getString("status").equals(status)))
                .stream()
                .filter(one -> one.getString("status").equals(status))
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
                                        .collect(Collectors.toMap(Map.Entry::getKey, one -> List.of(one.getValue()))),
                                (name, value) -> true));
    }

    private static String end() {
        return client().awaitEnd(client().create("A lighthouse")).getString("id");
    }

    @Test
    void anEndIsToldWithAGoodSignature() throws Exception {
        // given
        JsonObject webhook = webhook("/well");

        // when
        String id = end();

        // then
        ReceivedRequest told = awaitReceived("/well", 1).get(0);
        verify(told, webhook.getString("secret"));
        assertThat(told.json().getString("type")).isEqualTo("generation.ended");
        assertThat(told.json().getJsonObject("data").getString("generationId")).isEqualTo(id);
        assertThat(told.json().getJsonObject("data").getString("status")).isEqualTo("COMPLETE");
        assertThat(told.headers()).containsEntry("content-type", "application/json");
        JsonObject delivery = awaitDelivery(webhook, "DELIVERED");
        assertThat(delivery.getString("notificationId")).isEqualTo(told.id());
        assertThat(attempts(delivery))
                .singleElement()
                .satisfies(
                        attempt -> assertThat(attempt.getInteger("httpStatus")).isEqualTo(204));
        assertThat(read(webhook).containsKey("secret")).isFalse();
    }

    @Test
    void whatFailsIsTriedAgainWithTheSameIdAndBody() throws Exception {
        // given
        webhookReceiver.script(
                "/ill",
                ResponseStep.withStatus(500),
                ResponseStep.closeConnection(),
                ResponseStep.withStatus(503),
                ResponseStep.withStatus(200));
        JsonObject webhook = webhook("/ill");

        // when
        end();

        // then
        JsonObject delivery = awaitDelivery(webhook, "DELIVERED");
        assertThat(attempts(delivery))
                .extracting(attempt -> attempt.getString("outcome") + " " + attempt.getString("code"))
                .containsExactly("FAILED HTTP_500", "FAILED NO_ANSWER", "FAILED HTTP_503", "DELIVERED null");
        List<ReceivedRequest> told = webhookReceiver.receivedRequests("/ill");
        assertThat(told).extracting(ReceivedRequest::id).containsOnly(delivery.getString("notificationId"));
        assertThat(told)
                .extracting(ReceivedRequest::body)
                .containsOnly(told.get(0).body());
        for (ReceivedRequest each : told) {
            verify(each, webhook.getString("secret"));
        }
        assertThat(read(webhook).containsKey("failingSince")).isFalse();
    }

    @Test
    void aRedirectIsAFailureAndNotFollowed() {
        webhookReceiver.script(
                "/moved", ResponseStep.withStatus(301), ResponseStep.withStatus(307), ResponseStep.withStatus(204));
        JsonObject webhook = webhook("/moved");
        end();
        assertThat(attempts(awaitDelivery(webhook, "DELIVERED")))
                .extracting(attempt -> attempt.getString("code"))
                .containsExactly("REDIRECTED", "REDIRECTED", null);
        assertThat(webhookReceiver.receivedRequests("/elsewhere")).isEmpty();
    }

    @Test
    void whoIsGoneIsToldNothingMoreAndItsOwnerHearsOfIt() {
        // given
        webhookReceiver.script("/gone", ResponseStep.withStatus(410));
        JsonObject other = webhook("/told-of-it");
        JsonObject webhook = webhook("/gone");

        // when
        end();

        // then
        JsonObject disabled = await("disabled", () -> read(webhook), found -> !found.getBoolean("enabled"));
        assertThat(disabled.getString("disabledReason")).isEqualTo("GONE");
        assertThat(attempts(awaitDelivery(webhook, "FAILED"))).hasSize(1);
        assertThat(await(
                        "the notification",
                        () -> webhookReceiver.receivedRequests("/told-of-it"),
                        all -> all.stream()
                                .anyMatch(one -> one.json().getString("type").equals("webhook.disabled"))))
                .filteredOn(one -> one.json().getString("type").equals("webhook.disabled"))
                .extracting(one -> one.json().getJsonObject("data").getString("webhookId"))
                .contains(webhook.getString("id"));
        end();
        assertThat(deliveries(webhook)).hasSize(1);
        assertThat(read(other).getBoolean("enabled")).isTrue();
    }

    @Test
    void afterFiveDaysWithoutASuccessItIsDisabled() {
        // given an endpoint that has failed for as long, and not quite as long
        webhookReceiver.script("/long-ill", ResponseStep.withStatus(500));
        webhookReceiver.script("/not-so-long-ill", ResponseStep.withStatus(500));
        JsonObject webhook = webhook("/long-ill");
        JsonObject patient = webhook("/not-so-long-ill");
        failingFor(webhook, "5 days 1 second");
        failingFor(patient, "4 days 23 hours");

        // when
        end();

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
    void whoAsksForTimeGetsItWithinLimits() {
        // given a step of 100 ms
        webhookReceiver.script(
                "/busy", new ResponseStep(429, "3600"), ResponseStep.withStatus(413), ResponseStep.withStatus(204));
        JsonObject webhook = webhook("/busy");

        // when
        end();

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
    void deadAndSlowReceiversDelayNobody() throws Exception {
        // given receivers that are down, never answer, answer without end, speak no TLS or a bad one
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
            JsonObject well = webhook("/in-time");

            // when generations end, and one is cancelled
            service.aiServer().script(new JsonObject().put("hang", true));
            String hanging = client().create("A lighthouse");
            for (int i = 0; i < 5; i++) {
                assertThat(end()).isNotNull();
            }
            assertThat(client().cancel(hanging).status()).isEqualTo(200);

            // then who is well hears of all, long before the others have
            awaitReceived("/in-time", 6);
            assertThat(deliveries(slow.get(0)))
                    .filteredOn(one -> one.getString("status").equals("PENDING"))
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
                                    .flatMap(one -> attempts(one).stream())
                                    .toList(),
                            all -> !all.isEmpty()))
                    .extracting(attempt -> attempt.getString("code"))
                    .containsOnly("TIMEOUT");
            assertThat(deliveries(well))
                    .extracting(one -> one.getString("status"))
                    .containsOnly("DELIVERED");
        }
    }

    @Test
    void aRequestNamesAServerOfItsOwn() throws Exception {
        // given
        String secret = client().get("/api/webhook-secret").json().getString("secret");

        // when
        String id = client().create(
                        new JsonObject().put("prompt", "A pier").put("webhookUrl", webhookReceiver.url("/once")))
                .getString("id");

        // then
        ReceivedRequest told = awaitReceived("/once", 1).get(0);
        verify(told, secret);
        assertThat(told.json().getJsonObject("data").getString("generationId")).isEqualTo(id);
        assertThat(client().generation(id).encode()).doesNotContain("/once");
        assertThat(client().get("/api/webhook-secret").json().getString("secret"))
                .isEqualTo(secret);

        // and after a change both sign
        String next = send("POST", "/api/webhook-secret/rotate", null).json().getString("secret");
        client().create(new JsonObject().put("prompt", "A pier").put("webhookUrl", webhookReceiver.url("/once")));
        ReceivedRequest again = awaitReceived("/once", 2).get(1);
        verify(again, secret);
        verify(again, next);
    }

    @Test
    void aNewSecretAndTheOneBeforeBothSign() throws Exception {
        JsonObject webhook = webhook("/rotated");
        JsonObject rotated = send("POST", of(webhook, "/rotate-secret"), null).json();
        assertThat(Instant.parse(rotated.getString("previousUntil"))).isAfter(Instant.now());
        end();
        ReceivedRequest told = awaitReceived("/rotated", 1).get(0);
        verify(told, webhook.getString("secret"));
        verify(told, rotated.getString("secret"));
    }

    @Test
    void whoWantsCloudEventsGetsThem() throws Exception {
        JsonObject webhook = webhook(new JsonObject()
                .put("url", webhookReceiver.url("/cloud"))
                .put("format", "CLOUDEVENTS")
                .put("eventTypes", new JsonArray().add("generation.ended")));
        String id = end();
        ReceivedRequest told = awaitReceived("/cloud", 1).get(0);
        verify(told, webhook.getString("secret"));
        assertThat(told.headers()).containsEntry("content-type", "application/cloudevents+json");
        assertThat(told.json().getString("specversion")).isEqualTo("1.0");
        assertThat(told.json().getString("id")).isEqualTo(told.id());
        assertThat(told.json().getString("type")).isEqualTo("dev.darkroom.generation.ended");
        assertThat(told.json().getString("subject")).isEqualTo(id);
    }

    @Test
    void aTestTellsWhatCameOfIt() throws Exception {
        webhookReceiver.script("/tested", ResponseStep.withStatus(204), ResponseStep.withStatus(401));
        JsonObject webhook = webhook("/tested");
        assertThat(send("POST", of(webhook, "/test"), null).json().getBoolean("delivered"))
                .isTrue();
        verify(webhookReceiver.receivedRequests("/tested").get(0), webhook.getString("secret"));
        JsonObject refused = send("POST", of(webhook, "/test"), null).json();
        assertThat(refused.getBoolean("delivered")).isFalse();
        assertThat(refused.getString("code")).isEqualTo("HTTP_401");
        assertThat(deliveries(webhook)).isEmpty();
        assertThat(read(webhook).containsKey("failingSince")).isFalse();
    }

    @Test
    void whatFailedAndWhatWasMissedIsSentAgain() {
        // given one that failed for good, one that was missed, and one that arrived
        String before = Instant.now().minusSeconds(5).toString();
        webhookReceiver.script("/again", ResponseStep.withStatus(500));
        JsonObject webhook = webhook("/again");
        end();
        JsonObject failed = awaitDelivery(webhook, "FAILED");
        assertThat(attempts(failed)).hasSize(5);
        send("POST", of(webhook, "/disable"), null);
        String missed = end();
        assertThat(send("POST", of(webhook, "/redeliver"), new JsonObject().put("after", before))
                        .status())
                .isEqualTo(409);
        assertThat(send("POST", of(webhook, "/enable"), null).json().getBoolean("enabled"))
                .isTrue();
        webhookReceiver.script("/again", ResponseStep.withStatus(204));
        end();
        awaitDelivery(webhook, "DELIVERED");
        int soFar = webhookReceiver.receivedRequests("/again").size();

        // when
        JsonObject queued = send("POST", of(webhook, "/redeliver"), new JsonObject().put("after", before))
                .json();

        // then
        assertThat(queued.getInteger("queued")).isGreaterThanOrEqualTo(2);
        await(
                "what failed and what was missed",
                () -> webhookReceiver.receivedRequests("/again").stream()
                        .skip(soFar)
                        .toList(),
                told -> told.stream().anyMatch(one -> one.id().equals(failed.getString("notificationId")))
                        && told.stream().anyMatch(one -> one.body().contains(missed)));
        await(
                "all delivered",
                () -> deliveries(webhook),
                all -> all.stream().allMatch(one -> one.getString("status").equals("DELIVERED")));

        // and one that arrived, by hand
        int now = webhookReceiver.receivedRequests("/again").size();
        JsonObject one = deliveries(webhook).get(0);
        assertThat(send("POST", of(webhook, "/deliveries/" + one.getString("id") + "/redeliver"), null)
                        .status())
                .isEqualTo(202);
        assertThat(awaitReceived("/again", now + 1).get(now).id()).isEqualTo(one.getString("notificationId"));
    }

    @Test
    void aChangeThatWasRefusedIsNotLogged() {
        // given
        JsonObject webhook = webhook("/unchanged");
        String unknown = UUID.randomUUID().toString();

        // when
        refused(send("PATCH", of(webhook, ""), new JsonObject().put("url", "ftp://127.0.0.1/")), 400);
        refused(
                send(
                        "PATCH",
                        of(webhook, "").replace(webhook.getString("id"), unknown),
                        new JsonObject().put("description", "Nothing")),
                404);
        send("PATCH", of(webhook, ""), new JsonObject().put("description", "Something"));

        // then
        assertThat(service.darkroom().log().stream()
                        .filter(line -> line.contains("webhook updated"))
                        .filter(line -> line.contains(webhook.getString("id")) || line.contains(unknown)))
                .hasSize(1);
    }

    @Test
    void changesAndListsAndLimits() {
        JsonObject webhook = webhook("/first");
        JsonObject changed = send(
                        "PATCH",
                        of(webhook, ""),
                        new JsonObject()
                                .put("url", webhookReceiver.url("/second"))
                                .put("description", "The shop"))
                .json();
        assertThat(changed.getString("description")).isEqualTo("The shop");
        end();
        awaitReceived("/second", 1);
        assertThat(webhookReceiver.receivedRequests("/first")).isEmpty();
        assertThat(client().get(of(webhook, "/deliveries?status=FAILED")).json().getJsonArray("items"))
                .isEmpty();
        for (int i = 1; i < DarkroomExtension.WEBHOOKS_PER_USER; i++) {
            webhook("/first");
        }
        refused(send("POST", "/api/webhooks", new JsonObject().put("url", webhookReceiver.url("/one-too-many"))), 409);
        JsonObject all = client().get("/api/webhooks?limit=100").json();
        assertThat(all.getJsonArray("items")).hasSize(DarkroomExtension.WEBHOOKS_PER_USER);
        assertThat(all.containsKey("nextCursor")).isFalse();
        assertThat(pages("/api/webhooks?limit=7")).isEqualTo(all.getJsonArray("items"));
        assertThat(pages("/api/webhooks?limit=" + DarkroomExtension.WEBHOOKS_PER_USER))
                .isEqualTo(all.getJsonArray("items"));
        for (String wrong : List.of("limit=0", "limit=101", "cursor=first", "after=1")) {
            refused(client().get("/api/webhooks?" + wrong), 400);
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
    void whatMayNotBeCalledIsRefusedAtOnce(String url) {
        ApiResponse apiResponse = send("POST", "/api/webhooks", new JsonObject().put("url", url));
        refused(apiResponse, 400);
        assertThat(apiResponse.text()).contains("#/url");
        JsonObject webhook = webhook("/good");
        refused(send("PATCH", of(webhook, ""), new JsonObject().put("url", url)), 400);
        refused(
                client().post(new JsonObject()
                        .put("prompt", "A pier")
                        .put("webhookUrl", url)
                        .encode()),
                400);
    }

    @Test
    void whatMayNotBeCalledAnyMoreIsNotCalled() {
        // given an endpoint from a time when the operator allowed more, or whose name means another thing now
        JsonObject webhook = webhook("/good");
        TestPostgres.execute(
                service.database(),
                "UPDATE webhooks SET url = 'http://169.254.169.254/' WHERE id = '" + webhook.getString("id") + "'");
        end();
        assertThat(attempts(awaitDelivery(webhook, "FAILED")))
                .extracting(attempt -> attempt.getString("code"))
                .containsOnly("REFUSED_ADDRESS");
    }
}
