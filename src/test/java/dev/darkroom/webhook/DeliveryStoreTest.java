package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.Migrations;
import dev.darkroom.lease.Fence;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.RecordStore;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.webhook.DeliveryStore.Abandoned;
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
class DeliveryStoreTest {
    private static final Duration BUDGET = Duration.ofSeconds(25);
    private static final Failure FAILED = new Failure("HTTP_500", 500, false, false, null);

    private static final Vertx vertx = Vertx.vertx();
    private static final DatabaseUrl url = TestPostgres.migratedDatabase();
    private static Database database;
    private static DeliveryStore store;

    @BeforeAll
    static void open() {
        Settings settings = SettingsLoader.load(
                        DarkroomSettings.quick().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        Migrations.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        store = new DeliveryStore(database, new RecordStore(List.of(), told -> {}));
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

    private static List<DeliveryLease> claim(UUID node, int limit) {
        return await(store.claim(node, limit, BUDGET));
    }

    private static DeliveryLease claimed() {
        endpoint("mary", 1);
        return claim(node(), 1).get(0);
    }

    private static Map<UUID, Long> byEndpoint(List<DeliveryLease> leases) {
        return leases.stream().collect(Collectors.groupingBy(DeliveryLease::webhookId, Collectors.counting()));
    }

    @Test
    void aBacklogIsInNobodysWay() {
        // given a receiver for whom much has waited for long, and another with little that came later
        UUID busy = endpoint("bob", 1000);
        UUID idle = endpoint("mary", 3);

        // when
        List<DeliveryLease> leases = claim(node(), 100);

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
        List<DeliveryLease> leases = claim(node(), 100);
        assertThat(leases).hasSize(DeliveryStore.PER_USER + 1);
        assertThat(byEndpoint(leases)).containsKey(other);
    }

    @Test
    void whoClaimsAtTheSameMomentKeepsToTheLimitToo() {
        UUID endpoint = endpoint("mary", 100);
        UUID node = node();
        List<Future<List<DeliveryLease>>> claims = new ArrayList<>();
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
        DeliveryLease sent = claimed();
        execute("UPDATE nodes SET expires_at = now() - interval '1 second'");

        // when
        Abandoned abandoned = await(store.abandoned(Duration.ofSeconds(5), 10)).get(0);
        Failure lost = Failure.unknown("NODE_DIED");
        await(store.retry(abandoned.lease(), DeliveryOutcome.LOST, lost, Duration.ZERO, false, null));
        DeliveryLease again = claim(node(), 1).get(0);

        // then
        assertThat(abandoned.ownerAlive()).isFalse();
        assertThat(again.deliveryId()).isEqualTo(sent.deliveryId());
        assertThat(again.notificationId()).isEqualTo(sent.notificationId());
        assertThat(again.body()).isEqualTo(sent.body());
        assertThat(again.number()).isEqualTo(2);
        assertThat(value("SELECT count(*) FROM webhooks WHERE failing_since IS NOT NULL"))
                .as("nobody is to blame")
                .isEqualTo("0");

        // and when the dead one comes back after all, it is too late
        List<String> before = rows();
        assertThat(await(store.delivered(sent, 204))).isEmpty();
        assertThat(rows()).isEqualTo(before);
        assertThat(await(store.delivered(again, 204))).isPresent();
        assertThat(value("SELECT string_agg(outcome, ' ' ORDER BY number) FROM webhook_attempts"))
                .isEqualTo("LOST DELIVERED");
    }

    private interface Transition {
        Future<Boolean> apply(DeliveryLease lease);
    }

    static Stream<Arguments> transitions() {
        Transition delivered = lease -> store.delivered(lease, 200).map(Optional::isPresent);
        Transition retry = lease -> store.retry(lease, DeliveryOutcome.FAILED, FAILED, Duration.ZERO, true, null)
                .map(Optional::isPresent);
        Transition fail = lease ->
                store.fail(lease, DeliveryOutcome.FAILED, FAILED, true, null).map(Optional::isPresent);
        Transition gone = lease -> store.fail(lease, DeliveryOutcome.FAILED, FAILED, true, DeliveryStore.Disabling.GONE)
                .map(Optional::isPresent);
        Transition drop = store::drop;
        Transition release = lease -> store.release(lease.fence());
        return Stream.of(
                Arguments.of("delivered", delivered),
                Arguments.of("retry", retry),
                Arguments.of("fail", fail),
                Arguments.of("gone", gone),
                Arguments.of("drop", (Transition) drop),
                Arguments.of("release", release));
    }

    private static DeliveryLease with(DeliveryLease lease, Fence fence) {
        return new DeliveryLease(
                fence,
                lease.number(),
                lease.failures(),
                lease.webhookId(),
                lease.notificationId(),
                lease.generationId(),
                lease.url(),
                lease.format(),
                lease.body(),
                lease.secrets(),
                lease.sentAt(),
                lease.failingFor(),
                lease.disabled());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void aStrangerChangesNothing(String name, Transition transition) {
        // given
        DeliveryLease lease = claimed();
        Fence held = lease.fence();
        List<String> before = rows();

        // then
        for (Fence other : List.of(
                new Fence(held.key(), held.nodeId(), held.token() - 1),
                new Fence(held.key(), held.nodeId(), held.token() + 1),
                new Fence(held.key(), UUID.randomUUID(), held.token()),
                new Fence(UUID.randomUUID(), held.nodeId(), held.token()))) {
            assertThat(await(transition.apply(with(lease, other)))).isFalse();
            assertThat(rows()).isEqualTo(before);
        }
        assertThat(await(transition.apply(lease))).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void whoseDeliveryCameToTheQueueAgainIsAStrangerToIt(String name, Transition transition) {
        // given a process that was frozen while its delivery was dropped and sent again by hand
        DeliveryLease frozen = claimed();
        assertThat(await(store.drop(frozen))).isTrue();
        EnqueueStore queue = new EnqueueStore("urn:darkroom", () -> {});
        assertThat(await(queue.again(database, frozen.webhookId(), "mary", frozen.deliveryId())))
                .isTrue();
        DeliveryLease current = claim(frozen.fence().nodeId(), 1).get(0);
        List<String> before = rows();

        // then
        assertThat(await(transition.apply(frozen))).isFalse();
        assertThat(rows()).isEqualTo(before);
        assertThat(await(store.delivered(current, 204))).isPresent();
    }

    private static int recorded(EnqueueStore queue, String user, UUID generation) {
        Notification told = new Notification(
                UUID.randomUUID(),
                user,
                1,
                Notification.GENERATION_ENDED,
                generation,
                OffsetDateTime.now(ZoneOffset.UTC),
                null,
                new JsonObject());
        await(database.inTransaction(connection -> queue.recorded(connection, List.of(told))));
        return Integer.parseInt(
                value("SELECT count(*) FROM webhook_deliveries WHERE notification_id = '" + told.id() + "'"));
    }

    @Test
    void drawsASecretOnlyWhereARequestNamedAReceiver() {
        // given
        AtomicInteger drawn = new AtomicInteger();
        EnqueueStore queue = new EnqueueStore("urn:darkroom", () -> {}, () -> {
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
        DeliveryLease lease = claimed();
        execute("UPDATE webhooks SET failing_since = now() - interval '1 hour'");

        // when
        await(store.retry(
                lease,
                DeliveryOutcome.FAILED,
                FAILED,
                Duration.ZERO,
                true,
                DeliveryStore.Disabling.FAILING_FOR_5_DAYS));

        // then
        assertThat(value("SELECT count(*) FROM webhooks WHERE disabled_at IS NULL"))
                .isEqualTo("1");
    }

    @Test
    void whatIsDisabledTellsItsUserOnceAndLetsGoOfWhatWaits() {
        // given
        UUID endpoint = endpoint("mary", 5);
        List<DeliveryLease> leases = claim(node(), 10);
        execute("UPDATE webhooks SET failing_since = now() - interval '6 days'");

        // when both attempts under way fail
        for (DeliveryLease lease : leases) {
            await(store.retry(
                    lease,
                    DeliveryOutcome.FAILED,
                    FAILED,
                    Duration.ZERO,
                    true,
                    DeliveryStore.Disabling.FAILING_FOR_5_DAYS));
        }

        // then
        assertThat(value("SELECT disabled_reason FROM webhooks WHERE id = '" + endpoint + "'"))
                .isEqualTo("FAILING_FOR_5_DAYS");
        assertThat(
                        value(
                                "SELECT string_agg(type || ' ' || user_id || ' ' || (data ->> 'reason'), ',') FROM notifications"))
                .isEqualTo("webhook.disabled mary FAILING_FOR_5_DAYS");
        // the second came back after the others were let go of; it is dropped when it is claimed
        List<DeliveryLease> rest = claim(node(), 10);
        assertThat(rest).hasSize(1).allMatch(DeliveryLease::disabled);
        await(store.drop(rest.get(0)));
        assertThat(value("SELECT count(*) FROM webhook_deliveries WHERE status = 'FAILED'"))
                .isEqualTo("5");
        assertThat(value("SELECT count(*) FROM webhook_queue")).isEqualTo("0");
    }
}
