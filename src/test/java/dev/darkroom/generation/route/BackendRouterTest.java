package dev.darkroom.generation.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BackendRouterTest {
    private final Vertx vertx = Vertx.vertx();
    private final Map<String, BackendExecutor> executors = new HashMap<>();

    @AfterEach
    void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }

    /** Never responds. */
    private record HangingBackend(String name) implements ImageBackend {
        @Override
        public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
            return Promise.<BackendOutcome>promise().future();
        }

        @Override
        public Future<Void> close() {
            return Future.succeededFuture();
        }
    }

    private BackendRouter router(int concurrency, ModelSettings... models) {
        List<BackendSettings> settings = new ArrayList<>();
        List<BackendExecutor> all = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            settings.add(TestSettings.with(TestSettings.DEFAULTS.backend(), "name", name));
            BackendExecutor executor = new BackendExecutor(
                    vertx,
                    new HangingBackend(name),
                    concurrency,
                    0,
                    TestSettings.DEFAULTS.backend().breaker(),
                    Duration.ofMinutes(1),
                    System::nanoTime);
            executors.put(name, executor);
            all.add(executor);
        }
        return new BackendRouter(TestModels.catalog(List.of(models), settings), all);
    }

    private static ModelSettings weighted(String route, int... weights) {
        List<Target> targets = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            targets.add(new Target(List.of("a", "b", "c").get(i), null, weights[i]));
        }
        return new ModelSettings(route, route, targets);
    }

    private static ModelSettings ordered(String route, String... backends) {
        return new ModelSettings(
                route,
                route,
                List.of(backends).stream()
                        .map(backend -> new Target(backend, "its-" + backend, null))
                        .toList());
    }

    private static List<String> backends(RouteOffer offer) {
        return offer.slots().stream().map(RouteOffer.Slot::backend).toList();
    }

    /** Chooses one backend after another, as leases of single generations do, and counts the choices. */
    private static Map<String, Integer> choose(BackendRouter router, int count) {
        Map<String, Integer> chosen = new HashMap<>();
        for (int i = 0; i < count; i++) {
            RouteOffer.Slot slot = router.offer(Map.of("m", 1), 1).slots().get(0);
            router.recordSelection(slot.route(), slot.backend(), slot.selection());
            chosen.merge(slot.backend(), 1, Integer::sum);
        }
        return chosen;
    }

    private void startCalls(String backend, int count) {
        for (int i = 0; i < count; i++) {
            executors
                    .get(backend)
                    .execute(
                            new ImageRequest("k", "p", null, 8, 8, 1, 1, null, null, InputImages.NONE, 0),
                            new BackendCall(Duration.ofMinutes(1)));
        }
    }

    @Test
    void weightsHoldOverManyGenerations() {
        // when
        Map<String, Integer> chosen = choose(router(4, weighted("m", 6, 3, 1)), 10_000);

        // then within 5 %
        assertThat(chosen.get("a")).isCloseTo(6_000, Offset.offset(300));
        assertThat(chosen.get("b")).isCloseTo(3_000, Offset.offset(150));
        assertThat(chosen.get("c")).isCloseTo(1_000, Offset.offset(50));
    }

    @Test
    void oneOfferDistributesItsSlotsByWeight() {
        // when
        RouteOffer offer = router(10, weighted("m", 3, 1)).offer(8);

        // then
        assertThat(backends(offer)).containsExactly("a", "a", "a", "b", "a", "a", "a", "b");
        assertThat(offer.slots()).allMatch(slot -> slot.selection() == BackendSelection.WEIGHT);
    }

    @Test
    void drainedBackendGetsNothing() {
        // given
        BackendRouter router = router(4, weighted("m", 1, 1));
        executors.get("a").setDrained(true);

        // then
        assertThat(choose(router, 100)).containsOnlyKeys("b");

        // when it is enabled again, it does not catch up
        executors.get("a").setDrained(false);
        Map<String, Integer> chosen = choose(router, 100);
        assertThat(chosen).containsEntry("a", 50).containsEntry("b", 50);
    }

    @Test
    void busyBackendLeavesItsShareToOthers() {
        // given
        BackendRouter router = router(2, weighted("m", 9, 1));
        startCalls("a", 2);

        // then
        assertThat(backends(router.offer(4))).containsExactly("b", "b");
    }

    @Test
    void orderUsesTheFirstThatAcceptsCalls() {
        // given
        BackendRouter router = router(2, ordered("m", "b", "a"));

        // then
        assertThat(backends(router.offer(5))).containsExactly("b", "b");
        assertThat(router.offer(5).slots()).allMatch(slot -> slot.alternative().equals("a"));

        // when the first one is busy, generations wait for it
        startCalls("b", 2);
        assertThat(router.offer(5).slots()).isEmpty();

        // when it accepts no calls, the next one gets them
        executors.get("b").setDrained(true);
        assertThat(backends(router.offer(5))).containsExactly("a", "a");
    }

    @Test
    void offersOfSeveralModelsForNewGenerationsShareThePermits() {
        // given
        BackendRouter router = router(3, ordered("m", "a"), ordered("n", "a"));

        // when
        RouteOffer offer = router.offer(Map.of("m", 2, "n", 2, "unknown", 2), 10);

        // then
        assertThat(offer.slots()).hasSize(3).allMatch(slot -> slot.selection() == BackendSelection.ONLY);
        assertThat(offer.slots()).allMatch(slot -> slot.alternative() == null);
    }

    @Test
    void knowsTheModelNameAtEachBackend() {
        // given
        BackendRouter router = router(1, ordered("m", "a", "b"));

        // then
        assertThat(router.modelAt("m", "b")).isEqualTo("its-b");
        assertThat(router.modelAt("m", "c")).isNull();
        assertThat(router.hasAlternative("m", "a")).isTrue();
        assertThat(router.hasAlternative("unknown", "a")).isFalse();
    }
}
