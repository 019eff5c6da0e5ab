package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.testing.DarkroomInstanceSettings;
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

/** Which deliveries a process gets, and what holds when two believe that they have the same one. */
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
        store = new WebhookDeliveryStore(database, new NotificationWriter(List.of(), told -> {}));
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

    /** Everything that is told of deliveries. */
    private static List<String> rows() {
        return TestPostgres.query(url, """
                SELECT md5(t::text) FROM webhooks t UNION ALL SELECT md5(t::text) FROM webhook_deliveries t
                UNION ALL SELECT md5(t::text) FROM webhook_queue t UNION ALL SELECT md5(t::text) FROM webhook_attempts t
                UNION ALL SELECT md5(t::text) FROM notifications t ORDER BY 1""");
    }

    private static UUID node() {
        UUID id = UUID.randomUUID();
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + id
                + "', 'test', 'test', now() + interval '1 hour')");
        return id;
    }

    /** An endpoint with so many deliveries that are due, the first longest. */
    private static UUID endpoint(String user, int deliveries) {
        UUID id = UUID.randomUUID();
        execute(
                "INSERT INTO webhooks (id, user_id, url, event_types, format, secret) VALUES ('" + id + "', '" + user
                        + "', 'https://hooks.example.org/', '{*}', 'STANDARD', 'secret')",
                "WITH made AS (INSERT INTO webhook_deliveries (webhook_id, user_id, notification_id, type, format, body) SELECT '"
                        + id + "', '" + user + "', gen_random_uuid(), 'generation.ended', 'STANDARD', '{}'"
                        + " FROM generate_series(1, " + deliveries + ") RETURNING id, position)"
                        + " INSERT INTO webhook_queue (delivery_id, lane, user_id, run_at) SELECT id, '" + id + "', '"
                        + user + "', now() - interval '1 hour' + position * interval '1 millisecond' FROM made");
        return id;
    }

    private static List<WebhookDeliveryLease> claim(UUID node, int limit) {
        return await(store.claim(node, limit, BUDGET));
    }

    private static WebhookDeliveryLease claimed() {
        endpoint("mary", 1);
        return claim(node(), 1).get(0);
    }

    private static Map<UUID, Long> byEndpoint(List<WebhookDeliveryLease> leases) {
        return leases.stream().collect(Collectors.groupingBy(WebhookDeliveryLease::webhookId, Collectors.counting()));
    }

    @Test
    void aBacklogIsInNobodysWay() {
        // given a receiver for whom much has waited for long, and another with little that came later
        UUID busy = endpoint("bob", 1000);
        UUID idle = endpoint("mary", 3);

        // when
        List<WebhookDeliveryLease> leases = claim(node(), 100);

        // then
        assertThat(byEndpoint(leases)).containsOnly(Map.entry(busy, 2L), Map.entry(idle, 2L));
        assertThat(claim(node(), 100)).as("as long as these are under way").isEmpty();
    }

    @Test
    void withFewPlacesEverybodyGetsOne() {
        UUID one = endpoint("bob", 10);
        UUID other = endpoint("mary", 10);
        UUID third = endpoint("zoe", 10);
        assertThat(byEndpoint(claim(node(), 3))).containsOnlyKeys(one, other, third);
    }

    @Test
    void manyReceiversOfOneUserDoNotTakeAllPlaces() {
        for (int i = 0; i < 15; i++) {
            endpoint("bob", 2);
        }
        UUID other = endpoint("mary", 1);
        List<WebhookDeliveryLease> leases = claim(node(), 100);
        assertThat(leases).hasSize(WebhookDeliveryStore.MAX_PER_USER + 1);
        assertThat(byEndpoint(leases)).containsKey(other);
    }

    @Test
    void whoClaimsAtTheSameMomentKeepsToTheLimitToo() {
        UUID endpoint = endpoint("mary", 100);
        UUID node = node();
        List<Future<List<WebhookDeliveryLease>>> claims = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            claims.add(store.claim(node, 10, BUDGET));
        }
        await(Future.all(claims));
        assertThat(claims.stream().mapToInt(claim -> claim.result().size()).sum())
                .isEqualTo(2);
        assertThat(value("SELECT count(*) FROM webhook_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo("2");
        assertThat(byEndpoint(claims.stream()
                        .flatMap(claim -> claim.result().stream())
                        .toList()))
                .containsOnlyKeys(endpoint);
    }

    @Test
    void whatIsNotDueIsNotClaimed() {
        endpoint("mary", 2);
        execute("UPDATE webhook_queue SET run_at = now() + interval '1 hour'");
        assertThat(claim(node(), 10)).isEmpty();
    }

    @Test
    void aNodeThatIsDeadOrDrainsGetsNothing() {
        endpoint("mary", 2);
        UUID dead = node();
        UUID draining = node();
        execute(
                "UPDATE nodes SET expires_at = now() - interval '1 second' WHERE id = '" + dead + "'",
                "UPDATE nodes SET draining = true WHERE id = '" + draining + "'");
        assertThat(claim(dead, 10)).isEmpty();
        assertThat(claim(draining, 10)).isEmpty();
    }

    /** The receiver has it, and nobody wrote that down: it gets it once more, and can tell by its id. */
    @Test
    void aCrashBetweenSendingAndRecordingSendsAgainUnderTheSameId() {
        // given a process that died after it sent
        WebhookDeliveryLease sent = claimed();
        execute("UPDATE nodes SET expires_at = now() - interval '1 second'");

        // when
        AbandonedDelivery abandonedDelivery =
                await(store.findAbandoned(Duration.ofSeconds(5), 10)).get(0);
        DeliveryFailure lost = DeliveryFailure.ofCode("NODE_DIED");
        await(store.requeueAfterFailure(
                abandonedDelivery.lease(), DeliveryAttemptOutcome.LOST, lost, Duration.ZERO, false, null));
        WebhookDeliveryLease again = claim(node(), 1).get(0);

        // then
        assertThat(abandonedDelivery.ownerAlive()).isFalse();
        assertThat(again.deliveryId()).isEqualTo(sent.deliveryId());
        assertThat(again.notificationId()).isEqualTo(sent.notificationId());
        assertThat(again.body()).isEqualTo(sent.body());
        assertThat(again.number()).isEqualTo(2);
        assertThat(value("SELECT count(*) FROM webhooks WHERE failing_since IS NOT NULL"))
                .as("nobody is to blame")
                .isEqualTo("0");

        // and when the dead one comes back after all, it is too late
        List<String> before = rows();
        assertThat(await(store.recordDelivered(sent, 204))).isEmpty();
        assertThat(rows()).isEqualTo(before);
        assertThat(await(store.recordDelivered(again, 204))).isPresent();
        assertThat(value("SELECT string_agg(outcome, ' ' ORDER BY number) FROM webhook_attempts"))
                .isEqualTo("LOST DELIVERED");
    }

    private interface Transition {
        Future<Boolean> apply(WebhookDeliveryLease lease);
    }

    static Stream<Arguments> transitions() {
        Transition delivered = lease -> store.recordDelivered(lease, 200).map(Optional::isPresent);
        Transition retry = lease -> store.requeueAfterFailure(
                        lease, DeliveryAttemptOutcome.FAILED, FAILED, Duration.ZERO, true, null)
                .map(Optional::isPresent);
        Transition fail = lease -> store.recordFailed(lease, DeliveryAttemptOutcome.FAILED, FAILED, true, null)
                .map(Optional::isPresent);
        Transition gone = lease -> store.recordFailed(
                        lease, DeliveryAttemptOutcome.FAILED, FAILED, true, WebhookDeliveryStore.DisableReason.GONE)
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

    private static WebhookDeliveryLease with(WebhookDeliveryLease lease, FencingToken fencingToken) {
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
                lease.webhookDisabled());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void aStrangerChangesNothing(String name, Transition transition) {
        // given
        WebhookDeliveryLease lease = claimed();
        FencingToken held = lease.fencingToken();
        List<String> before = rows();

        // then
        for (FencingToken other : List.of(
                new FencingToken(held.key(), held.nodeId(), held.token() - 1),
                new FencingToken(held.key(), held.nodeId(), held.token() + 1),
                new FencingToken(held.key(), UUID.randomUUID(), held.token()),
                new FencingToken(UUID.randomUUID(), held.nodeId(), held.token()))) {
            assertThat(await(transition.apply(with(lease, other)))).isFalse();
            assertThat(rows()).isEqualTo(before);
        }
        assertThat(await(transition.apply(lease))).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void whoseDeliveryCameToTheQueueAgainIsAStrangerToIt(String name, Transition transition) {
        // given a process that was frozen while its delivery was dropped and sent again by hand
        WebhookDeliveryLease frozen = claimed();
        assertThat(await(store.dropClaimed(frozen))).isTrue();
        DeliveryEnqueueStore queue = new DeliveryEnqueueStore("urn:darkroom", () -> {});
        assertThat(await(queue.redeliver(database, frozen.webhookId(), "mary", frozen.deliveryId())))
                .isTrue();
        WebhookDeliveryLease current = claim(frozen.fencingToken().nodeId(), 1).get(0);
        List<String> before = rows();

        // then
        assertThat(await(transition.apply(frozen))).isFalse();
        assertThat(rows()).isEqualTo(before);
        assertThat(await(store.recordDelivered(current, 204))).isPresent();
    }

    private static int recorded(DeliveryEnqueueStore queue, String user, UUID generation) {
        Notification told = new Notification(
                UUID.randomUUID(),
                user,
                1,
                Notification.GENERATION_ENDED,
                generation,
                OffsetDateTime.now(ZoneOffset.UTC),
                null,
                new JsonObject());
        await(database.inTransaction(connection -> queue.onRecorded(connection, List.of(told))));
        return Integer.parseInt(
                value("SELECT count(*) FROM webhook_deliveries WHERE notification_id = '" + told.id() + "'"));
    }

    @Test
    void drawsASecretOnlyWhereARequestNamedAReceiver() {
        // given
        AtomicInteger drawn = new AtomicInteger();
        DeliveryEnqueueStore queue = new DeliveryEnqueueStore("urn:darkroom", () -> {}, () -> {
            drawn.incrementAndGet();
            return new byte[32];
        });
        endpoint("mary", 0);
        UUID named = UUID.randomUUID();
        execute("INSERT INTO generation_webhooks (generation_id, url) VALUES ('" + named
                + "', 'https://hooks.example.org/')");

        // then
        assertThat(recorded(queue, "nobody", UUID.randomUUID())).isZero();
        assertThat(recorded(queue, "mary", UUID.randomUUID())).isEqualTo(1);
        assertThat(drawn).hasValue(0);
        assertThat(recorded(queue, "nobody", named)).isEqualTo(1);
        assertThat(drawn).hasValue(1);
    }

    @Test
    void aSuccessInBetweenKeepsAnEndpoint() {
        // given one that has failed for long, by what this attempt knew, and has succeeded since
        WebhookDeliveryLease lease = claimed();
        execute("UPDATE webhooks SET failing_since = now() - interval '1 hour'");

        // when
        await(store.requeueAfterFailure(
                lease,
                DeliveryAttemptOutcome.FAILED,
                FAILED,
                Duration.ZERO,
                true,
                WebhookDeliveryStore.DisableReason.FAILING_FOR_5_DAYS));

        // then
        assertThat(value("SELECT count(*) FROM webhooks WHERE disabled_at IS NULL"))
                .isEqualTo("1");
    }

    @Test
    void whatIsDisabledTellsItsUserOnceAndLetsGoOfWhatWaits() {
        // given
        UUID endpoint = endpoint("mary", 5);
        List<WebhookDeliveryLease> leases = claim(node(), 10);
        execute("UPDATE webhooks SET failing_since = now() - interval '6 days'");

        // when both attempts under way fail
        for (WebhookDeliveryLease lease : leases) {
            await(store.requeueAfterFailure(
                    lease,
                    DeliveryAttemptOutcome.FAILED,
                    FAILED,
                    Duration.ZERO,
                    true,
                    WebhookDeliveryStore.DisableReason.FAILING_FOR_5_DAYS));
        }

        // then
        assertThat(value("SELECT disabled_reason FROM webhooks WHERE id = '" + endpoint + "'"))
                .isEqualTo("FAILING_FOR_5_DAYS");
        assertThat(
                        value(
                                "SELECT string_agg(type || ' ' || user_id || ' ' || (data ->> 'reason'), ',') FROM notifications"))
                .isEqualTo("webhook.disabled mary FAILING_FOR_5_DAYS");
        // the second came back after the others were let go of; it is dropped when it is claimed
        List<WebhookDeliveryLease> rest = claim(node(), 10);
        assertThat(rest).hasSize(1).allMatch(WebhookDeliveryLease::webhookDisabled);
        await(store.dropClaimed(rest.get(0)));
        assertThat(value("SELECT count(*) FROM webhook_deliveries WHERE status = 'FAILED'"))
                .isEqualTo("5");
        assertThat(value("SELECT count(*) FROM webhook_queue")).isEqualTo("0");
    }
}
