package dev.darkroom.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A value that is loaded and kept, by a clock that the test drives. */
class RefreshingValueTest {
    private static final Duration FRESH = Duration.ofSeconds(5);
    private static final Duration USABLE = Duration.ofSeconds(30);
    private static final Duration NONE = Duration.ZERO;

    private static Vertx vertx;

    private final AtomicLong clock = new AtomicLong(4711);
    private final AtomicInteger loads = new AtomicInteger();
    private Supplier<Future<String>> source = () -> Future.succeededFuture("first");

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    private RefreshingValue<String> value(Duration spacing, Duration loadTimeout) {
        return new RefreshingValue<>(
                vertx,
                () -> {
                    loads.incrementAndGet();
                    return source.get();
                },
                new RefreshingValue.RefreshPolicy(FRESH, USABLE, spacing, loadTimeout),
                clock::get);
    }

    private RefreshingValue<String> value() {
        return value(NONE, Duration.ofMinutes(5));
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private static String await(Future<String> future) throws Exception {
        return future.await(30, TimeUnit.SECONDS);
    }

    @Test
    void returnsFreshValueWithoutAnotherLoad() throws Exception {
        RefreshingValue<String> value = value();
        assertThat(await(value.get())).isEqualTo("first");
        pass(FRESH.minusNanos(1));

        assertThat(value.get().result()).isEqualTo("first");
        assertThat(value.currentValue()).contains("first");
        assertThat(loads).hasValue(1);
    }

    @Test
    void returnsUsableValueAtOnceAndRefreshesItInTheBackground() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        Promise<String> slow = Promise.promise();
        source = slow::future;
        pass(FRESH);

        assertThat(value.get().result()).isEqualTo("first");
        assertThat(value.get().result()).isEqualTo("first");
        assertThat(loads).hasValue(2);
        slow.complete("second");
        assertThat(value.get().result()).isEqualTo("second");
        assertThat(loads).hasValue(2);
    }

    @Test
    void waitsForLoadWhenValueIsTooOld() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        Promise<String> slow = Promise.promise();
        source = slow::future;
        pass(USABLE);

        Future<String> waiting = value.get();
        assertThat(waiting.isComplete()).isFalse();
        assertThat(value.currentValue()).isEmpty();
        slow.complete("second");
        assertThat(await(waiting)).isEqualTo("second");
    }

    @Test
    void returnsUsableValueWhileLoadsFailAndFailsAfterwards() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        source = () -> Future.failedFuture(new IOException("away"));

        pass(USABLE.minusNanos(1));
        assertThat(await(value.get())).isEqualTo("first");
        assertThat(value.lastLoadFailed()).isTrue();
        pass(Duration.ofNanos(1));
        assertThatThrownBy(() -> await(value.get())).hasMessage("away");
    }

    @Test
    void concurrentCallersShareOneLoadEachOnItsOwnContext() throws Exception {
        RefreshingValue<String> value = value();
        Promise<String> slow = Promise.promise();
        source = slow::future;
        List<CompletableFuture<Boolean>> results = new ArrayList<>();
        CompletableFuture<Void> allAsked = new CompletableFuture<>();
        AtomicInteger asked = new AtomicInteger();
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Boolean> result = new CompletableFuture<>();
            results.add(result);
            vertx.runOnContext(go -> {
                Context here = vertx.getOrCreateContext();
                value.get()
                        .onSuccess(text -> result.complete(text.equals("once") && vertx.getOrCreateContext() == here));
                if (asked.incrementAndGet() == 20) {
                    allAsked.complete(null);
                }
            });
        }
        allAsked.get(30, TimeUnit.SECONDS);
        slow.complete("once");

        for (CompletableFuture<Boolean> result : results) {
            assertThat(result.get(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(loads).hasValue(1);
    }

    @Test
    void recoversFromSourceThatThrows() throws Exception {
        recoversFrom(() -> {
            throw new IllegalStateException("no");
        });
    }

    @Test
    void recoversFromSourceThatFailsAtOnce() throws Exception {
        recoversFrom(() -> Future.failedFuture("no"));
    }

    @Test
    void recoversFromSourceThatReturnsNothing() throws Exception {
        recoversFrom(() -> null);
    }

    @Test
    void recoversFromSourceThatFailsLater() throws Exception {
        recoversFrom(() -> {
            Promise<String> later = Promise.promise();
            vertx.runOnContext(go -> later.fail("no"));
            return later.future();
        });
    }

    private void recoversFrom(Supplier<Future<String>> broken) throws Exception {
        RefreshingValue<String> value = value();
        source = broken;
        for (int i = 1; i <= 3; i++) {
            assertThatThrownBy(() -> await(value.get())).isNotNull();
            assertThat(loads).hasValue(i);
        }

        source = () -> Future.succeededFuture("well");
        assertThat(await(value.get())).isEqualTo("well");
        assertThat(value.lastLoadFailed()).isFalse();
    }

    @Test
    void recoversFromLoadThatDoesNotEnd() throws Exception {
        RefreshingValue<String> value = value(NONE, Duration.ofMillis(50));
        Promise<String> never = Promise.promise();
        source = never::future;
        assertThatThrownBy(() -> await(value.get())).isInstanceOf(TimeoutException.class);

        source = () -> Future.succeededFuture("well");
        assertThat(await(value.get())).isEqualTo("well");
        never.complete("late");
        assertThat(await(value.get())).isEqualTo("well");
    }

    @Test
    void startsNoLoadWithinTheSpacing() throws Exception {
        RefreshingValue<String> value = value(Duration.ofSeconds(1), Duration.ofMinutes(5));
        await(value.get());
        source = () -> Future.succeededFuture("second");

        assertThat(await(value.reload())).isEqualTo("first");
        pass(Duration.ofSeconds(1));
        assertThat(await(value.reload())).isEqualTo("second");
        source = () -> Future.failedFuture("away");
        pass(Duration.ofSeconds(1));
        assertThatThrownBy(() -> await(value.reload())).hasMessage("away");
        assertThatThrownBy(() -> await(value.reload())).hasMessage("away");
        assertThat(value.get().result()).isEqualTo("second");
        assertThat(loads).hasValue(3);
    }

    @Test
    void reloadsFromOneThreadWhileOthersRead() throws Exception {
        RefreshingValue<String> value = value();
        AtomicInteger number = new AtomicInteger();
        source = () -> {
            Promise<String> later = Promise.promise();
            vertx.runOnContext(go -> later.complete("v" + number.incrementAndGet()));
            return later.future();
        };
        for (int i = 0; i < 200; i++) {
            value.reload();
            value.get();
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(value.currentValue()).contains("v" + number.get()));
    }
}
