package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.BackendSettings.AmbiguityPolicy;
import dev.darkroom.config.PriceList;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.TestFailures;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Submissions and costs that are stored with attempts. */
@Tag("database")
class AttemptBillingTest {
    private static final Future<BackendOutcome> GENERATED = Future.succeededFuture(FakeImageBackend.imageOutcome());

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private GenerationWorkerFixture process;

    @BeforeEach
    void registerNode() {
        process = new GenerationWorkerFixture(queue);
    }

    private Settings pricedSettings() {
        Settings settings = process.workerSettings(Duration.ofMillis(200));
        PriceList prices = new PriceList(List.of(new PriceList.Rule(null, Set.of(), new BigDecimal("0.04"))));
        return TestSettings.with(
                settings,
                "backends",
                List.of(TestSettings.with(settings.backend(), "prices", prices)),
                "retry",
                TestSettings.with(settings.retry(), "initialDelay", Duration.ofMillis(1)));
    }

    /** Returns settings that submit nothing again after an unknown outcome. */
    private static Settings failing(Settings settings) {
        return TestSettings.with(
                settings,
                "backends",
                List.of(TestSettings.with(settings.backends().get(0), "onAmbiguous", AmbiguityPolicy.FAIL)));
    }

    private String attempts() {
        return queue.queryValue("SELECT string_agg(concat_ws(' ', outcome, submitted, cost_micros, cost_source), ', '"
                + " ORDER BY number) FROM generation_attempts");
    }

    private static Future<BackendOutcome> failure(FailureClass failureClass) {
        return Future.succeededFuture(new BackendOutcome.Failed(TestFailures.of(failureClass)));
    }

    @Test
    void successHasItsConfiguredCost() {
        // given
        queue.submit();

        // when
        process.deploy(new FakeImageBackend(request -> GENERATED), pricedSettings());

        // then
        process.awaitComplete(1);
        assertThat(attempts()).isEqualTo("SUCCEEDED t 40000 CONFIGURED");
    }

    /** Whether the class alone would leave the outcome open or not. */
    @ParameterizedTest
    @EnumSource(names = {"NOT_SENT", "INTERNAL", "SERVER_ERROR"})
    void attemptThatSentNothingIsNoSubmission(FailureClass failureClass) {
        // given
        queue.submit();
        AtomicInteger calls = new AtomicInteger();
        AtomicReference<FakeImageBackend> backend = new AtomicReference<>();
        backend.set(new FakeImageBackend(request -> {
            backend.get().sends = calls.incrementAndGet() > 1;
            return calls.get() == 1 ? failure(failureClass) : GENERATED;
        }));

        // when
        process.deploy(backend.get(), failing(pricedSettings()));
        awaitTrue("retried", () -> {
            process.wakeWorkers();
            return calls.get() == 2;
        });

        // then
        process.awaitComplete(1);
        assertThat(attempts()).isEqualTo("RETRYABLE f, SUCCEEDED t 40000 CONFIGURED");
    }

    @Test
    void lookUpHasNoCostAndTheSubmissionKeepsIts() {
        // given
        queue.submit();
        FakeImageBackend backend = new FakeImageBackend(request -> failure(FailureClass.AMBIGUOUS), job -> GENERATED);

        // when
        process.deploy(backend, pricedSettings());

        // then
        process.awaitComplete(1);
        assertThat(attempts()).isEqualTo("RETRYABLE t 40000 CONFIGURED, SUCCEEDED f");
    }

    @Test
    void expectedCostOfARunningAttemptIsStoredBeforeTheSubmission() {
        // given
        UUID id = queue.submit();
        FakeImageBackend backend = FakeImageBackend.hanging();

        // when
        process.deploy(backend, pricedSettings());
        awaitTrue("submitted", () -> backend.callCount(id.toString()) == 1);

        // then
        assertThat(queue.queryValue("SELECT attempt_cost FROM generation_queue"))
                .isEqualTo("40000");

        // when cancelled
        await(queue.outcomeStore.cancel(id, "local"));

        // then
        assertThat(attempts()).isEqualTo("INTERRUPTED t 40000 CONFIGURED");
    }

    @Test
    void repeatedSubmissionOfAnUnknownJobCountsWithoutAPrice() {
        // given a process that died before the AI server had its submission
        GenerationLease dead = queue.submitAndClaim();
        queue.loseSubmission(dead);
        FakeImageBackend backend = new FakeImageBackend(
                request -> Promise.<BackendOutcome>promise().future(),
                job -> Future.succeededFuture(new BackendOutcome.JobNotFound()));

        // when it is looked up, submitted again and cancelled
        process.deploy(backend, process.workerSettings(Duration.ofMillis(200)));
        awaitTrue("submitted", () -> backend.callCount(dead.generationId().toString()) == 1);
        await(queue.outcomeStore.cancel(dead.generationId(), "local"));

        // then
        assertThat(attempts()).isEqualTo("LOST t, INTERRUPTED t");
        assertThat(queue.queryValue("SELECT string_agg(selection, ',' ORDER BY number) FROM generation_attempts"))
                .isEqualTo("ONLY,ONLY");
    }

    @Test
    void lostAttemptHasTheCostThatItsProcessStored() {
        // given a process with another price that died after the submission
        GenerationLease dead = queue.submitAndClaim();
        await(queue.leaseStore.storeExpectedCost(dead, 7));
        queue.expireNode(dead.nodeId());

        // when
        await(queue.vertx.deployVerticle(new GenerationReaperVerticle(
                queue.database,
                queue.notifyChannel,
                TestSettings.with(
                        queue.settings,
                        "node",
                        TestSettings.with(queue.settings.node(), "reapInterval", Duration.ofMillis(50))),
                List.of(),
                new AttemptMetrics(new SimpleMeterRegistry()))));

        // then
        awaitTrue("recorded", () -> attempts() != null);
        assertThat(attempts()).isEqualTo("LOST t 7 CONFIGURED");
        assertThat(queue.queryValue("SELECT attempt_cost FROM generation_queue"))
                .isNull();
    }
}
