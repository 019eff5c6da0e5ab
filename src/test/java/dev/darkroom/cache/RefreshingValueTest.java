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

/** Loads, refreshes and expiry of a cached value, with a clock controlled by the test. */
class RefreshingValueTest {
    private static final Duration REFRESH_AFTER = Duration.ofSeconds(5);
    private static final Duration EXPIRE_AFTER = Duration.ofSeconds(30);
    private static final Duration NO_MINIMUM = Duration.ZERO;

    private static Vertx vertx;

    private final AtomicLong clock = new AtomicLong(4711);
    private final AtomicInteger loads = new AtomicInteger();
    private Supplier<Future<String>> loader = () -> Future.succeededFuture("first");

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private RefreshingValue<String> value(Duration minLoadInterval, Duration loadTimeout) {
        return new RefreshingValue<>(
                vertx,
                () -> {
                    loads.incrementAndGet();
                    return loader.get();
                },
                new RefreshingValue.RefreshPolicy(REFRESH_AFTER, EXPIRE_AFTER, minLoadInterval, loadTimeout),
                clock::get);
    }

    private RefreshingValue<String> value() {
        return value(NO_MINIMUM, Duration.ofMinutes(5));
    }

    private void advance(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private static String await(Future<String> future) throws Exception {
        return future.await(60, TimeUnit.SECONDS);
    }

    @Test
    void returnsRecentValueWithoutAnotherLoad() throws Exception {
        RefreshingValue<String> value = value();
        assertThat(await(value.get())).isEqualTo("first");
        advance(REFRESH_AFTER.minusNanos(1));

        assertThat(value.get().result()).isEqualTo("first");
        assertThat(value.currentValue()).contains("first");
        assertThat(loads).hasValue(1);
    }

    @Test
    void returnsStaleValueImmediatelyAndRefreshesItInTheBackground() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        Promise<String> slow = Promise.promise();
        loader = slow::future;
        advance(REFRESH_AFTER);

        assertThat(value.get().result()).isEqualTo("first");
        assertThat(value.get().result()).isEqualTo("first");
        assertThat(loads).hasValue(2);
        slow.complete("second");
        assertThat(value.get().result()).isEqualTo("second");
        assertThat(loads).hasValue(2);
    }

    @Test
    void waitsForLoadWhenValueHasExpired() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        Promise<String> slow = Promise.promise();
        loader = slow::future;
        advance(EXPIRE_AFTER);

        Future<String> waiting = value.get();
        assertThat(waiting.isComplete()).isFalse();
        assertThat(value.currentValue()).isEmpty();
        slow.complete("second");
        assertThat(await(waiting)).isEqualTo("second");
    }

    @Test
    void waitsForLoadAfterValueWasDiscarded() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        Promise<String> slow = Promise.promise();
        loader = slow::future;

        value.expire();

        Future<String> waiting = value.get();
        assertThat(waiting.isComplete()).isFalse();
        slow.complete("second");
        assertThat(await(waiting)).isEqualTo("second");
    }

    @Test
    void returnsStaleValueWhileLoadsFailUntilItExpires() throws Exception {
        RefreshingValue<String> value = value();
        await(value.get());
        loader = () -> Future.failedFuture(new IOException("unavailable"));

        advance(EXPIRE_AFTER.minusNanos(1));
        assertThat(await(value.get())).isEqualTo("first");
        assertThat(value.lastLoadFailed()).isTrue();
        advance(Duration.ofNanos(1));
        assertThatThrownBy(() -> await(value.get())).hasMessage("unavailable");
    }

    @Test
    void concurrentCallersShareOneLoadEachOnItsOwnContext() throws Exception {
        RefreshingValue<String> value = value();
        Promise<String> slow = Promise.promise();
        loader = slow::future;
        List<CompletableFuture<Boolean>> results = new ArrayList<>();
        CompletableFuture<Void> allRequested = new CompletableFuture<>();
        AtomicInteger requests = new AtomicInteger();
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Boolean> result = new CompletableFuture<>();
            results.add(result);
            vertx.runOnContext(go -> {
                Context here = vertx.getOrCreateContext();
                value.get()
                        .onSuccess(text -> result.complete(text.equals("once") && vertx.getOrCreateContext() == here));
                if (requests.incrementAndGet() == 20) {
                    allRequested.complete(null);
                }
            });
        }
        allRequested.get(60, TimeUnit.SECONDS);
        slow.complete("once");

        for (CompletableFuture<Boolean> result : results) {
            assertThat(result.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(loads).hasValue(1);
    }

    @Test
    void recoversFromLoaderThatThrows() throws Exception {
        recoversFrom(() -> {
            throw new IllegalStateException("no");
        });
    }

    @Test
    void recoversFromLoaderThatFailsImmediately() throws Exception {
        recoversFrom(() -> Future.failedFuture("no"));
    }

    @Test
    void recoversFromLoaderThatReturnsNull() throws Exception {
        recoversFrom(() -> null);
    }

    @Test
    void recoversFromLoaderThatFailsLater() throws Exception {
        recoversFrom(() -> {
            Promise<String> later = Promise.promise();
            vertx.runOnContext(go -> later.fail("no"));
            return later.future();
        });
    }

    private void recoversFrom(Supplier<Future<String>> broken) throws Exception {
        RefreshingValue<String> value = value();
        loader = broken;
        for (int i = 1; i <= 3; i++) {
            assertThatThrownBy(() -> await(value.get())).isNotNull();
            assertThat(loads).hasValue(i);
        }

        loader = () -> Future.succeededFuture("loaded");
        assertThat(await(value.get())).isEqualTo("loaded");
        assertThat(value.lastLoadFailed()).isFalse();
    }

    @Test
    void recoversFromLoadTimeout() throws Exception {
        RefreshingValue<String> value = value(NO_MINIMUM, Duration.ofMillis(50));
        Promise<String> never = Promise.promise();
        loader = never::future;
        assertThatThrownBy(() -> await(value.get())).isInstanceOf(TimeoutException.class);

        loader = () -> Future.succeededFuture("loaded");
        assertThat(await(value.get())).isEqualTo("loaded");
        never.complete("late");
        assertThat(await(value.get())).isEqualTo("loaded");
    }

    @Test
    void startsNoLoadWithinTheMinimumInterval() throws Exception {
        RefreshingValue<String> value = value(Duration.ofSeconds(1), Duration.ofMinutes(5));
        await(value.get());
        loader = () -> Future.succeededFuture("second");

        assertThat(await(value.reload())).isEqualTo("first");
        advance(Duration.ofSeconds(1));
        assertThat(await(value.reload())).isEqualTo("second");
        loader = () -> Future.failedFuture("unavailable");
        advance(Duration.ofSeconds(1));
        assertThatThrownBy(() -> await(value.reload())).hasMessage("unavailable");
        assertThatThrownBy(() -> await(value.reload())).hasMessage("unavailable");
        assertThat(value.get().result()).isEqualTo("second");
        assertThat(loads).hasValue(3);
    }

    @Test
    void reloadsFromOneThreadWhileOthersRead() throws Exception {
        RefreshingValue<String> value = value();
        AtomicInteger number = new AtomicInteger();
        loader = () -> {
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
