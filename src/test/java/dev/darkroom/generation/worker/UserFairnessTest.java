package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.command.GenerationCommandVerticle;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Fair order of the generations of two users, submitted as commands. */
@Tag("database")
class UserFairnessTest {
    private static final int CONCURRENCY = 4;

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final GenerationWorkerFixture process = new GenerationWorkerFixture(queue);

    private Future<String> create(String user) {
        JsonObject command =
                new JsonObject().put("user", user).put("request", new JsonObject().put("prompt", "A pier"));
        DeliveryOptions options = new DeliveryOptions()
                .addHeader(CommandProtocol.ACTION_HEADER, GenerationBus.CREATE)
                .addHeader(CommandProtocol.VERSION_HEADER, CommandProtocol.VERSION);
        return queue.vertx
                .eventBus()
                .<JsonObject>request(GenerationBus.COMMANDS, command, options)
                .map(reply -> reply.body().getJsonObject("generation").getString("id"));
    }

    @Test
    void singlePromptStartsSoonWhileAnotherUserHasFiveThousandWaiting() {
        // given an AI server with 10 ms per image and four concurrent calls, and a user with 5,000 prompts
        AtomicInteger started = new AtomicInteger();
        List<String> order = new ArrayList<>();
        FakeImageBackend backend = new FakeImageBackend(request -> {
            synchronized (order) {
                order.add(request.key());
            }
            started.incrementAndGet();
            Promise<BackendOutcome> promise = Promise.promise();
            queue.vertx.setTimer(10, timer -> promise.complete(FakeImageBackend.imageOutcome()));
            return promise.future();
        });
        await(queue.vertx.deployVerticle(new GenerationCommandVerticle(
                queue.commandDependencies(), queue.settings.generation(), TestModels.catalog(null), () -> 7L)));
        for (int round = 0; round < 50; round++) {
            List<Future<String>> submissions = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                submissions.add(create("heavy"));
            }
            await(Future.all(submissions));
        }
        process.deploy(backend, Duration.ofMillis(200));
        GenerationWorkerFixture.awaitTrue("running", () -> started.get() > 20);

        // when
        String light = await(create("light"));
        int before = started.get();

        // then at most the generations claimed meanwhile and one turn of the other user go first
        GenerationWorkerFixture.awaitTrue("started", () -> {
            synchronized (order) {
                return order.contains(light);
            }
        });
        synchronized (order) {
            assertThat(order.indexOf(light)).isLessThan(before + 4 * CONCURRENCY);
        }
    }
}
