package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.StatementPlan;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.webhook.WebhookDeliveryStore.AbandonedDelivery;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which deliveries a claim selects, and that a lost lease cannot change a delivery. */
@Tag("database")
class WebhookDeliveryStoreTest {
    private static final Duration BUDGET = Duration.ofSeconds(25);
    private static final DeliveryFailure FAILED = new DeliveryFailure("HTTP_500", 500, false, false, null);

    private static final Vertx vertx = Vertx.vertx();
    private static final DatabaseUrl url = TestPostgres.migratedDatabase();
    private static Database database;
    private static WebhookDeliveryStore store;

    @BeforeAll
    static void open() {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        store = new WebhookDeliveryStore(database, new NotificationWriter(List.of(), notifications -> {}));
    }

    @AfterAll
    static void close() {
        await(database.close());
        await(vertx.close());
    }

    @AfterEach
    void clear() {
        execute(
                "TRUNCATE webhook_queue, webhook_attempts, webhook_deliveries, webhooks, nodes, notifications, user_streams");
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    private static String value(String sql) {
        return TestPostgres.query(url, sql).get(0);
    }

    /** Returns a hash of each row in the webhook and notification tables. */
    private static List<String> rows() {
        return TestPostgres.query(url, """
                SELECT md5(t::text) FROM webhooks t UNION ALL SELECT md5(t::text) FROM webhook_deliveries t
                UNION ALL SELECT md5(t::text) FROM webhook_queue t UNION ALL SELECT md5(t::text) FROM webhook_attempts t
                UNION ALL SELECT md5(t::text) FROM notifications t ORDER BY 1""");
    }

    private static UUID insertNode() {
        UUID id = UUID.randomUUID();
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + id
                + "', 'test', 'test', now() + interval '1 hour')");
        return id;
    }

    /** Inserts a webhook with {@code deliveries} due deliveries; the first is due longest. */
    private static UUID insertWebhook(String user, int deliveries) {
        UUID id = UUID.randomUUID();
        execute(
                "INSERT INTO webhooks (id, user_id, url, event_types, format, secret) VALUES ('" + id + "', '" + user
                        + "', 'https://hooks.example.org/', '{*}', 'STANDARD', 'secret')",
                "WITH made AS (INSERT INTO webhook_deliveries (webhook_id, user_id, notification_id, type, format, body) SELECT '"
                        + id + "', '" + user + "', gen_random_uuid(), 'generation.ended', 'STANDARD', '{}'"
                        + " FROM generate_series(1, " + deliveries + ") RETURNING id, position)"
                        + " INSERT INTO webhook_queue (delivery_id, partition_key, user_id, run_at) SELECT id, '" + id
                        + "', '"
                        + user + "', now() - interval '1 hour' + position * interval '1 millisecond' FROM made");
        return id;
    }

    private static List<WebhookDeliveryLease> claim(UUID node, int limit) {
        return await(store.claim(node, limit, BUDGET));
    }

    private static WebhookDeliveryLease claimNewDelivery() {
        insertWebhook("mary", 1);
        return claim(insertNode(), 1).get(0);
    }

    private static Map<UUID, Long> countByWebhook(List<WebhookDeliveryLease> leases) {
        return leases.stream().collect(Collectors.groupingBy(WebhookDeliveryLease::webhookId, Collectors.counting()));
    }

    @Test
    void backlogOfOneReceiverDoesNotDelayOthers() {
        // given a receiver with a long backlog, and another with a few deliveries that are due later
        UUID busy = insertWebhook("bob", 1000);
        UUID idle = insertWebhook("mary", 3);

        // when
        List<WebhookDeliveryLease> leases = claim(insertNode(), 100);

        // then
        assertThat(countByWebhook(leases)).containsOnly(Map.entry(busy, 2L), Map.entry(idle, 2L));
        assertThat(claim(insertNode(), 100)).as("while these attempts run").isEmpty();
    }

    @Test
    void claimsOneDeliveryPerUserWhenCapacityIsScarce() {
        UUID first = insertWebhook("bob", 10);
        UUID second = insertWebhook("mary", 10);
        UUID third = insertWebhook("zoe", 10);
        assertThat(countByWebhook(claim(insertNode(), 3))).containsOnlyKeys(first, second, third);
    }

    @Test
    void limitsConcurrentAttemptsPerUser() {
        for (int i = 0; i < 15; i++) {
            insertWebhook("bob", 2);
        }
        UUID other = insertWebhook("mary", 1);
        List<WebhookDeliveryLease> leases = claim(insertNode(), 100);
        assertThat(leases).hasSize(WebhookDeliveryStore.MAX_PER_USER + 1);
        assertThat(countByWebhook(leases)).containsKey(other);
    }

    @Test
    void concurrentClaimsKeepTheLimitPerReceiver() {
        UUID webhook = insertWebhook("mary", 100);
        UUID node = insertNode();
        List<Future<List<WebhookDeliveryLease>>> claims = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            claims.add(store.claim(node, 10, BUDGET));
        }
        await(Future.all(claims));
        assertThat(claims.stream().mapToInt(claim -> claim.result().size()).sum())
                .isEqualTo(2);
        assertThat(value("SELECT count(*) FROM webhook_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo("2");
        assertThat(countByWebhook(claims.stream()
                        .flatMap(claim -> claim.result().stream())
                        .toList()))
                .containsOnlyKeys(webhook);
    }

    @Test
    void doesNotClaimDeliveriesBeforeTheyAreDue() {
        insertWebhook("mary", 2);
        execute("UPDATE webhook_queue SET run_at = now() + interval '1 hour'");
        assertThat(claim(insertNode(), 10)).isEmpty();
    }

    @Test
    void expiredAndDrainingNodesClaimNothing() {
        insertWebhook("mary", 2);
        UUID expired = insertNode();
        UUID draining = insertNode();
        execute(
                "UPDATE nodes SET expires_at = now() - interval '1 second' WHERE id = '" + expired + "'",
                "UPDATE nodes SET draining = true WHERE id = '" + draining + "'");
        assertThat(claim(expired, 10)).isEmpty();
        assertThat(claim(draining, 10)).isEmpty();
    }

    /** Covers a process that stops after the receiver got the request and before the outcome is recorded. */
    @Test
    void crashBetweenSendingAndRecordingRepeatsTheSameNotificationId() {
        // given a process that stopped after it sent the request
        WebhookDeliveryLease sent = claimNewDelivery();
        execute("UPDATE nodes SET expires_at = now() - interval '1 second'");

        // when
        AbandonedDelivery abandonedDelivery =
                await(store.findAbandoned(Duration.ofSeconds(5), 10)).get(0);
        DeliveryFailure lost = DeliveryFailure.ofCode("NODE_LOST");
        await(store.recordFailure(
                abandonedDelivery.lease(), DeliveryAttemptOutcome.LOST, lost, Optional.of(Duration.ZERO), null));
        WebhookDeliveryLease repeated = claim(insertNode(), 1).get(0);

        // then
        assertThat(abandonedDelivery.ownerAlive()).isFalse();
        assertThat(repeated.deliveryId()).isEqualTo(sent.deliveryId());
        assertThat(repeated.notificationId()).isEqualTo(sent.notificationId());
        assertThat(repeated.body()).isEqualTo(sent.body());
        assertThat(repeated.number()).isEqualTo(2);
        assertThat(value("SELECT count(*) FROM webhooks WHERE failing_since IS NOT NULL"))
                .as("webhooks with a counted failure")
                .isEqualTo("0");

        // and the expired node cannot record its outcome any more
        List<String> before = rows();
        assertThat(await(store.recordDelivered(sent, 204))).isEmpty();
        assertThat(rows()).isEqualTo(before);
        assertThat(await(store.recordDelivered(repeated, 204))).isPresent();
        assertThat(value("SELECT string_agg(outcome, ' ' ORDER BY number) FROM webhook_attempts"))
                .isEqualTo("LOST DELIVERED");
    }

    private interface Transition {
        Future<Boolean> apply(WebhookDeliveryLease lease);
    }

    static Stream<Arguments> transitions() {
        Transition delivered = lease -> store.recordDelivered(lease, 200).map(Optional::isPresent);
        Transition retry = lease -> store.recordFailure(
                        lease, DeliveryAttemptOutcome.FAILED, FAILED, Optional.of(Duration.ZERO), null)
                .map(Optional::isPresent);
        Transition fail =
                lease -> store.recordFailure(lease, DeliveryAttemptOutcome.FAILED, FAILED, Optional.empty(), null)
                        .map(Optional::isPresent);
        Transition gone = lease -> store.recordFailure(
                        lease, DeliveryAttemptOutcome.FAILED, FAILED, Optional.empty(), DisableReason.GONE)
                .map(Optional::isPresent);
        Transition drop = store::dropClaimed;
        Transition release = lease -> store.release(lease.fencingToken());
        return Stream.of(
                Arguments.of("delivered", delivered),
                Arguments.of("retry", retry),
                Arguments.of("fail", fail),
                Arguments.of("gone", gone),
                Arguments.of("drop", (Transition) drop),
                Arguments.of("release", release));
    }

    private static WebhookDeliveryLease withToken(WebhookDeliveryLease lease, FencingToken fencingToken) {
        return new WebhookDeliveryLease(
                fencingToken,
                lease.number(),
                lease.failures(),
                lease.webhookId(),
                lease.notificationId(),
                lease.generationId(),
                lease.url(),
                lease.payloadFormat(),
                lease.body(),
                lease.secrets(),
                lease.sentAtSeconds(),
                lease.failingFor(),
                lease.webhookDisabled(),
                lease.trace(),
                lease.waited(),
                lease.claimedAt());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void rejectsTransitionsWithAnotherFencingToken(String name, Transition transition) {
        // given
        WebhookDeliveryLease lease = claimNewDelivery();
        FencingToken held = lease.fencingToken();
        List<String> before = rows();

        // then
        for (FencingToken other : List.of(
                new FencingToken(held.key(), held.nodeId(), held.token() - 1),
                new FencingToken(held.key(), held.nodeId(), held.token() + 1),
                new FencingToken(held.key(), UUID.randomUUID(), held.token()),
                new FencingToken(UUID.randomUUID(), held.nodeId(), held.token()))) {
            assertThat(await(transition.apply(withToken(lease, other)))).isFalse();
            assertThat(rows()).isEqualTo(before);
        }
        assertThat(await(transition.apply(lease))).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void rejectsTransitionsOfALeaseFromBeforeARedelivery(String name, Transition transition) {
        // given a process that was paused while its delivery was dropped and then redelivered by command
        WebhookDeliveryLease frozen = claimNewDelivery();
        assertThat(await(store.dropClaimed(frozen))).isTrue();
        DeliveryEnqueueStore enqueueStore = new DeliveryEnqueueStore(new CloudEventFactory("urn:darkroom"), () -> {});
        assertThat(await(enqueueStore.redeliver(database, frozen.webhookId(), "mary", frozen.deliveryId())))
                .isTrue();
        WebhookDeliveryLease current = claim(frozen.fencingToken().nodeId(), 1).get(0);
        List<String> before = rows();

        // then
        assertThat(await(transition.apply(frozen))).isFalse();
        assertThat(rows()).isEqualTo(before);
        assertThat(await(store.recordDelivered(current, 204))).isPresent();
    }

    /** Enqueues the deliveries of a new notification and returns their number. */
    private static int enqueue(DeliveryEnqueueStore enqueueStore, String user, UUID generation) {
        Notification notification = new Notification(
                UUID.randomUUID(),
                user,
                1,
                Notification.GENERATION_ENDED,
                generation,
                OffsetDateTime.now(ZoneOffset.UTC),
                null,
                new JsonObject());
        await(database.inTransaction(scope -> enqueueStore.onRecorded(scope, List.of(notification))));
        return Integer.parseInt(
                value("SELECT count(*) FROM webhook_deliveries WHERE notification_id = '" + notification.id() + "'"));
    }

    @Test
    void generatesASecretOnlyForARequestWithAUrl() {
        // given
        AtomicInteger secrets = new AtomicInteger();
        DeliveryEnqueueStore enqueueStore =
                new DeliveryEnqueueStore(new CloudEventFactory("urn:darkroom"), () -> {}, () -> {
                    secrets.incrementAndGet();
                    return new byte[32];
                });
        insertWebhook("mary", 0);
        UUID generation = UUID.randomUUID();
        execute("INSERT INTO generation_webhook_urls (generation_id, url) VALUES ('" + generation
                + "', 'https://hooks.example.org/')");

        // then
        assertThat(enqueue(enqueueStore, "nobody", UUID.randomUUID())).isZero();
        assertThat(enqueue(enqueueStore, "mary", UUID.randomUUID())).isEqualTo(1);
        assertThat(secrets).hasValue(0);
        assertThat(enqueue(enqueueStore, "nobody", generation)).isEqualTo(1);
        assertThat(secrets).hasValue(1);
    }

    @Test
    void keepsAWebhookThatSucceededSinceTheClaim() {
        // given a webhook that had failed for 5 days at the claim, and for 1 hour now
        WebhookDeliveryLease lease = claimNewDelivery();
        execute("UPDATE webhooks SET failing_since = now() - interval '1 hour'");

        // when
        await(store.recordFailure(
                lease,
                DeliveryAttemptOutcome.FAILED,
                FAILED,
                Optional.of(Duration.ZERO),
                DisableReason.FAILING_FOR_5_DAYS));

        // then
        assertThat(value("SELECT count(*) FROM webhooks WHERE disabled_at IS NULL"))
                .isEqualTo("1");
    }

    @Test
    void disablingNotifiesTheOwnerOnceAndDropsQueuedDeliveries() {
        // given
        UUID webhook = insertWebhook("mary", 5);
        List<WebhookDeliveryLease> leases = claim(insertNode(), 10);
        execute("UPDATE webhooks SET failing_since = now() - interval '6 days'");

        // when both running attempts fail
        for (WebhookDeliveryLease lease : leases) {
            await(store.recordFailure(
                    lease,
                    DeliveryAttemptOutcome.FAILED,
                    FAILED,
                    Optional.of(Duration.ZERO),
                    DisableReason.FAILING_FOR_5_DAYS));
        }

        // then
        assertThat(value("SELECT disabled_reason FROM webhooks WHERE id = '" + webhook + "'"))
                .isEqualTo("FAILING_FOR_5_DAYS");
        assertThat(
                        value(
                                "SELECT string_agg(type || ' ' || user_id || ' ' || (data ->> 'reason'), ',') FROM notifications"))
                .isEqualTo("webhook.disabled mary FAILING_FOR_5_DAYS");
        // the second delivery was requeued after the others were dropped; it is dropped after its next claim
        List<WebhookDeliveryLease> requeued = claim(insertNode(), 10);
        assertThat(requeued).hasSize(1).allMatch(WebhookDeliveryLease::webhookDisabled);
        await(store.dropClaimed(requeued.get(0)));
        assertThat(value("SELECT count(*) FROM webhook_deliveries WHERE status = 'FAILED'"))
                .isEqualTo("5");
        assertThat(value("SELECT count(*) FROM webhook_queue")).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TRUNCATE webhook_queue, webhook_attempts, webhook_deliveries",
                "VACUUM ANALYZE webhook_queue, webhook_deliveries"
            })
    void aClaimPlannedForAnEmptyQueueFindsItsRowsByKey(String state) {
        // given
        execute(state);

        // when
        StatementPlan plan = await(StatementPlan.of(
                database.pool(),
                "uuid, int, bigint, bigint, bigint",
                WebhookDeliverySql.CLAIM_DUE,
                "NULL, 1, 1, 1, 1"));

        // then
        plan.assertFindsRowsByKey("webhook_queue_pkey");
        plan.assertFindsRowsByKey("webhook_deliveries_pkey");
    }
}
