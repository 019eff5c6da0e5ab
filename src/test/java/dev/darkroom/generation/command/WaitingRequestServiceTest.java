package dev.darkroom.generation.command;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.InputImages;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationCommand.AttachRetry;
import dev.darkroom.generation.GenerationCommand.CreateGeneration;
import dev.darkroom.generation.GenerationCommand.EndWaitingRequest;
import dev.darkroom.generation.GenerationResult.AttachedRetry;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.waiting.WaitingRequest;
import io.vertx.core.Future;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands of waiting requests, with the command verticle and PostgreSQL. */
class WaitingRequestServiceTest {
    private static final Requester USER = new Requester("ann", false);

    @RegisterExtension
    static final GenerationDatabaseFixture database = new GenerationDatabaseFixture();

    private final UUID process = UUID.randomUUID();

    @BeforeEach
    void deploy() {
        CommandCodec.register(database.vertx.eventBus());
        database.insertNodeOf(process);
        await(database.vertx.deployVerticle(new GenerationCommandVerticle(
                database.commandDependencies(),
                database.settings.generation(),
                TestModels.catalog("house-model"),
                () -> 1L)));
    }

    private static <R> Future<CommandReply<R>> send(GenerationCommand<?> command) {
        return database.vertx
                .eventBus()
                .<CommandReply<R>>request(
                        GenerationBus.TYPED_COMMANDS,
                        command,
                        new DeliveryOptions().setCodecName(CommandCodec.NAME).setSendTimeout(60_000))
                .map(Message::body);
    }

    private WaitingRequest request(int retryCount) {
        return request(retryCount, "ab".repeat(32));
    }

    private WaitingRequest request(int retryCount, String bodyDigest) {
        return new WaitingRequest(UUID.randomUUID(), process, retryCount, "192.0.2.1", bodyDigest);
    }

    private static CommandReply<CreatedGeneration> create(WaitingRequest request, String key) {
        GenerationSpec spec = new GenerationSpec(
                "a lighthouse", null, null, null, null, null, null, null, null, InputImages.NONE, null, null);
        return await(send(new CreateGeneration(USER, spec, key, request)));
    }

    private static Generation created(CommandReply<CreatedGeneration> reply) {
        return ((CommandReply.Completed<CreatedGeneration>) reply).result().generation();
    }

    private static Future<Generation> attach(WaitingRequest retry) {
        return WaitingRequestServiceTest.<AttachedRetry>send(new AttachRetry(USER, retry))
                .map(reply ->
                        ((CommandReply.Completed<AttachedRetry>) reply).result().generation());
    }

    private static void end(WaitingRequest request, boolean answered) {
        await(send(new EndWaitingRequest(USER, request.connectionId(), answered)));
    }

    @Test
    void retryAttachesToTheGenerationOfABrokenConnection() {
        // given
        WaitingRequest first = request(0);
        Generation generation = created(create(first, null));

        // when
        end(first, false);

        // then
        assertThat(await(attach(request(1))).id()).isEqualTo(generation.id());
    }

    @Test
    @DisplayName("a retry that arrives before the broken connection is noticed waits and attaches")
    void retryWaitsForTheDisconnection() {
        // given
        WaitingRequest first = request(0);
        Generation generation = created(create(first, null));
        WaitingRequest retry = request(1);

        // when
        Future<Generation> attached = attach(retry);
        awaitSearch(retry);
        end(first, false);

        // then
        assertThat(await(attached).id()).isEqualTo(generation.id());
    }

    /** Waits until the retry has found the connected request: a second search then needs the signal or the poll. */
    private static void awaitSearch(WaitingRequest retry) {
        Awaitility.await()
                .until(
                        () -> database.queryValue(
                                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%broken AS MATERIALIZED%'"
                                        + " AND state = 'idle' AND datname = current_database()"),
                        count -> !count.equals("0"));
    }

    @Test
    @DisplayName(
            "a retry of another equal call stops waiting when the process of the open connection sends a heartbeat")
    void retryCreatesAGenerationWhileTheOtherConnectionIsOpen() {
        // given
        create(request(0), null);

        // when
        Future<Generation> attached = attach(request(1));
        database.execute("UPDATE nodes SET expires_at = expires_at + interval '1 hour'");

        // then
        assertThat(await(attached)).isNull();
    }

    @Test
    void answeredRequestIsNotAttached() {
        // given
        WaitingRequest first = request(0);
        create(first, null);

        // when
        end(first, true);

        // then
        assertThat(await(attach(request(1)))).isNull();
    }

    @Test
    void idempotencyKeyComparesTheBodies() {
        // given
        Generation generation = created(create(request(0), "key"));

        // then
        assertThat(created(create(request(1), "key")).id()).isEqualTo(generation.id());
        assertThat(create(request(0, "cd".repeat(32)), "key"))
                .isInstanceOfSatisfying(
                        CommandReply.Rejected.class,
                        rejected -> assertThat(rejected.reason()).isEqualTo(RejectionReason.KEY_REUSED));
    }
}
