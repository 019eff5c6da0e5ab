package dev.darkroom.generation.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.waiting.WaitingRequestStore.Attachment;
import dev.darkroom.generation.waiting.WaitingRequestStore.Disconnected;
import dev.darkroom.node.LocalNode;
import dev.darkroom.node.NodeHeartbeatVerticle;
import io.vertx.core.Future;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** On PostgreSQL: which retry attaches to which generation. */
class WaitingRequestStoreTest {
    private static final String USER = "ann";
    private static final String ADDRESS = "192.0.2.1";
    private static final String BODY = "ab".repeat(32);

    @RegisterExtension
    static final GenerationDatabaseFixture database = new GenerationDatabaseFixture();

    private final WaitingRequestStore store = new WaitingRequestStore(database.database, database.settings.node());
    private final UUID process = UUID.randomUUID();

    @BeforeEach
    void startProcess() {
        database.insertNodeOf(process);
    }

    private WaitingRequest request(int retryCount) {
        return new WaitingRequest(UUID.randomUUID(), process, retryCount, ADDRESS, BODY);
    }

    private Attachment attach(String user, WaitingRequest retry) {
        return GenerationDatabaseFixture.await(store.attach(user, retry, null));
    }

    private UUID attach(WaitingRequest retry) {
        return attach(USER, retry).generationId();
    }

    /** Attaches a retry that arrived some time ago. */
    private Attachment attachAfter(WaitingRequest retry, String interval) {
        OffsetDateTime arrival = OffsetDateTime.parse(
                database.queryValue("SELECT to_json(now() - interval '" + interval + "') #>> '{}'"));
        return GenerationDatabaseFixture.await(store.attach(USER, retry, arrival));
    }

    private UUID submit(WaitingRequest request) {
        return database.submit(USER, request);
    }

    private void disconnect(WaitingRequest request) {
        assertThat(GenerationDatabaseFixture.await(store.markDisconnected(request.connectionId())))
                .isPresent();
    }

    private UUID submitAndDisconnect() {
        WaitingRequest request = request(0);
        UUID generation = submit(request);
        disconnect(request);
        return generation;
    }

    private void expireProcess(String interval) {
        database.execute("UPDATE nodes SET expires_at = now() - interval '" + interval + "' WHERE process_id = '"
                + process + "'");
    }

    @Test
    void retryAttachesToTheGenerationOfABrokenConnection() {
        // given
        WaitingRequest first = request(0);
        UUID generation = submit(first);

        // when
        Disconnected disconnected = GenerationDatabaseFixture.await(store.markDisconnected(first.connectionId()))
                .orElseThrow();
        UUID attached = attach(request(1));

        // then
        assertThat(disconnected).isEqualTo(new Disconnected(generation, first.callerDigest(USER)));
        assertThat(attached).isEqualTo(generation);
    }

    @Test
    void eachGenerationGetsOneRetry() {
        // given
        UUID generation = submitAndDisconnect();

        // then
        assertThat(attach(request(1))).isEqualTo(generation);
        assertThat(attach(request(1))).isNull();
    }

    @Test
    void retriesOfTwoBrokenCallsGetOneGenerationEach() {
        // given
        List<UUID> generations = List.of(submitAndDisconnect(), submitAndDisconnect());

        // when
        List<Attachment> attached = GenerationDatabaseFixture.await(
                Future.all(store.attach(USER, request(1), null), store.attach(USER, request(1), null))
                        .map(done -> done.<Attachment>list()));

        // then
        assertThat(attached).extracting(Attachment::generationId).containsExactlyInAnyOrderElementsOf(generations);
    }

    @Test
    void oneOfHundredConcurrentRetriesAttaches() {
        // given
        UUID generation = submitAndDisconnect();

        // when
        List<Future<Attachment>> retries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            retries.add(new WaitingRequestStore(database.database, database.settings.node())
                    .attach(USER, request(1), null));
        }
        List<Attachment> attachments =
                GenerationDatabaseFixture.await(Future.all(retries).map(done -> done.<Attachment>list()));

        // then
        assertThat(attachments)
                .extracting(Attachment::generationId)
                .filteredOn(Objects::nonNull)
                .containsExactly(generation);
    }

    @Test
    @DisplayName("a retry neither waits for the row that another retry is attaching to, nor gets it")
    void retrySkipsARowThatAnotherRetryAttachesTo() throws SQLException {
        // given
        submitAndDisconnect();
        try (Connection other = DriverManager.getConnection(
                database.url.jdbcUrl(),
                database.url.user(),
                database.url.password().value())) {
            other.setAutoCommit(false);
            other.createStatement()
                    .execute(
                            "UPDATE waiting_requests SET retry_count = 1, connection_id = gen_random_uuid(), disconnected_at = NULL");

            // when
            Attachment during = attach(USER, request(1));
            other.commit();
            Attachment after = attach(USER, request(1));

            // then
            assertThat(during).matches(found -> found.undecided() && found.generationId() == null);
            assertThat(after).matches(found -> !found.undecided() && found.generationId() == null);
        }
    }

    @Test
    void chainOfRetriesStaysAtItsGeneration() {
        // given
        UUID generation = submitAndDisconnect();
        WaitingRequest first = request(1);
        WaitingRequest second = request(2);

        // then
        assertThat(attach(first)).isEqualTo(generation);
        disconnect(first);
        assertThat(attach(second)).isEqualTo(generation);
        disconnect(second);
        assertThat(attach(request(1))).as("an earlier retry of another call").isNull();
        assertThat(attach(request(5))).isEqualTo(generation);
    }

    @Test
    @DisplayName("a second retry leaves the generations that only a first retry may attach to")
    void retryPrefersTheHighestRetryCount() {
        // given
        UUID other = submitAndDisconnect();
        UUID retried = submitAndDisconnect();
        database.execute("UPDATE waiting_requests SET retry_count = 1 WHERE generation_id = '" + retried + "'");

        // then
        assertThat(attach(request(2))).isEqualTo(retried);
        assertThat(attach(request(1))).isEqualTo(other);
    }

    @Test
    void connectedRequestIsUndecidedUntilItsProcessSendsAHeartbeat() {
        // given
        submit(request(0));

        // then
        assertThat(attach(USER, request(1))).matches(found -> found.undecided() && found.generationId() == null);
        // A heartbeat after the arrival.
        database.execute("UPDATE nodes SET expires_at = expires_at + interval '1 hour'");
        assertThat(attachAfter(request(1), "0 s").undecided()).isFalse();
    }

    @Test
    void unrelatedRequestDecidesAtOnce() {
        assertThat(attach(USER, request(1)).undecided()).isFalse();
    }

    @Test
    void answeredRequestIsNeverAttached() {
        // given
        WaitingRequest first = request(0);
        submit(first);

        // when
        GenerationDatabaseFixture.await(store.deleteAnswered(first.connectionId()));
        boolean marked = GenerationDatabaseFixture.await(store.markDisconnected(first.connectionId()))
                .isPresent();

        // then
        assertThat(marked).isFalse();
        assertThat(attach(USER, request(1))).matches(found -> !found.undecided() && found.generationId() == null);
    }

    @Test
    void lateEndOfAnEarlierConnectionHasNoEffect() {
        // given
        WaitingRequest first = request(0);
        UUID generation = submit(first);
        disconnect(first);
        WaitingRequest second = request(1);
        attach(second);

        // when
        GenerationDatabaseFixture.await(store.deleteAnswered(first.connectionId()));
        boolean marked = GenerationDatabaseFixture.await(store.markDisconnected(first.connectionId()))
                .isPresent();

        // then
        assertThat(marked).isFalse();
        disconnect(second);
        assertThat(attach(request(2))).isEqualTo(generation);
    }

    @Test
    void otherCallersNeverAttach() {
        // given
        submitAndDisconnect();

        // then
        assertThat(attach("mary", request(1)).generationId()).isNull();
        assertThat(attach(new WaitingRequest(UUID.randomUUID(), process, 1, "192.0.2.2", BODY)))
                .isNull();
        assertThat(attach(new WaitingRequest(UUID.randomUUID(), process, 1, ADDRESS, "cd".repeat(32))))
                .isNull();
    }

    @Test
    void attachesInTheRetryWindowOnly() {
        // given
        UUID generation = submitAndDisconnect();

        // then
        database.execute("UPDATE waiting_requests SET disconnected_at = now() - interval '121 s'");
        assertThat(attach(USER, request(1))).matches(found -> !found.undecided() && found.generationId() == null);
        database.execute("UPDATE waiting_requests SET disconnected_at = now() - interval '100 s'");
        assertThat(attach(request(1))).isEqualTo(generation);
    }

    @Test
    void attachesToAConnectionOfADeadProcess() {
        // given
        UUID generation = submit(request(0));
        WaitingRequest retry = new WaitingRequest(UUID.randomUUID(), UUID.randomUUID(), 1, ADDRESS, BODY);

        // when
        expireProcess("1 ms");

        // then
        assertThat(attachAfter(retry, "1 s")).matches(found -> found.undecided() && found.generationId() == null);
        assertThat(attachAfter(retry, "8 s").generationId()).isEqualTo(generation);
    }

    @Test
    @DisplayName("a retry attaches to a connection whose process stopped without storing its end")
    void attachesToAConnectionOfAStoppedProcess() {
        // given
        LocalNode stopping = new LocalNode(System::nanoTime);
        String node = GenerationDatabaseFixture.await(database.vertx.deployVerticle(
                new NodeHeartbeatVerticle(stopping, database.database, database.settings.node(), "1.2.3")));
        submit(request(0));
        UUID generation = submit(new WaitingRequest(UUID.randomUUID(), stopping.processId(), 0, ADDRESS, BODY));

        // when
        GenerationDatabaseFixture.await(database.vertx.undeploy(node));

        // then
        assertThat(attach(request(1))).isEqualTo(generation);
        assertThat(attach(request(1))).as("the connection of a running process").isNull();
    }

    @Test
    @DisplayName("a process that registers again after an outage of the database keeps its connections")
    void processThatRegistersAgainKeepsItsConnections() {
        // given
        submit(request(0));
        expireProcess("1 ms");

        // when
        database.insertNodeOf(process);

        // then
        assertThat(attachAfter(request(1), "8 s")).matches(found -> !found.undecided() && found.generationId() == null);
    }

    @Test
    void neverAttachesToAConnectionOfALongDeadProcess() {
        // given
        submit(request(0));

        // when
        expireProcess("121 s");

        // then
        assertThat(attachAfter(request(1), "8 s")).matches(found -> !found.undecided() && found.generationId() == null);
    }

    @Test
    void retryStopsWaitingAfterTwoTtls() {
        // given
        submit(request(0));
        String twoTtls = database.settings.node().ttl().toMillis() * 2 + " ms";

        // then
        assertThat(attachAfter(request(1), twoTtls).undecided()).isFalse();
    }

    @Test
    void requestOfAnExpiredProcessIsNotStored() {
        // given
        expireProcess("1 ms");

        // when
        submit(request(0));

        // then
        assertThat(database.queryValue("SELECT count(*) FROM waiting_requests")).isEqualTo("0");
    }

    @Test
    void deletedGenerationIsNotFound() {
        // given
        UUID generation = submitAndDisconnect();

        // when
        database.execute("DELETE FROM generation_queue", "DELETE FROM generations WHERE id = '" + generation + "'");

        // then
        assertThat(attach(request(1))).isNull();
    }
}
