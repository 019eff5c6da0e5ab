package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Settings, calls and outcomes of backends. The methods block. */
public abstract class BackendFixture {
    protected static final Duration LONG_TIMEOUT = Duration.ofSeconds(60);

    /** Long enough for a submission, short enough for a test. */
    protected static final Duration SHORT_TIMEOUT = Duration.ofSeconds(2);

    protected static final Duration POLL_INTERVAL = Duration.ofMillis(10);
    protected static final String API_KEY = "sk-very-secret-key";
    protected static final int MAX_BYTES = 4 << 20;
    protected static final int MAX_HEADER_BYTES = 65_536;

    /** Makes a call that ends at its timeout, with longer and longer timeouts until it has sent a request before. */
    protected static BackendOutcome callUntilTimeout(
            Function<Duration, BackendOutcome> call, Supplier<? extends List<?>> requests) {
        Duration timeout = Duration.ofMillis(300);
        BackendOutcome outcome = call.apply(timeout);
        while (requests.get().isEmpty() && timeout.compareTo(LONG_TIMEOUT) < 0) {
            timeout = timeout.multipliedBy(2);
            outcome = call.apply(timeout);
        }
        return outcome;
    }

    /** Remembers all reports about a job. */
    public static final class RecordingJobListener implements JobListener {
        public final List<String> apiKeys = new CopyOnWriteArrayList<>();
        public final List<String> accepted = new CopyOnWriteArrayList<>();
        public final List<JobProgress> progress = new CopyOnWriteArrayList<>();
        public final List<Map<String, BigDecimal>> usage = new CopyOnWriteArrayList<>();

        @Override
        public void onUsage(Map<String, BigDecimal> reported) {
            usage.add(reported);
        }

        @Override
        public Future<Void> onApiKeySelected(String apiKey) {
            apiKeys.add(apiKey);
            return Future.succeededFuture();
        }

        @Override
        public void onAccepted(String providerId) {
            accepted.add(providerId);
        }

        @Override
        public void onProgress(JobProgress jobProgress) {
            progress.add(jobProgress);
        }
    }

    protected static ResponseMemoryBudget memory() {
        return new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES);
    }

    /** @param namesAndValues name and value of each changed component, alternating */
    protected static BackendSettings settings(Object... namesAndValues) {
        Object[] defaults = {
            "name",
            "test",
            "apiKey",
            new Secret(API_KEY),
            "timeout",
            LONG_TIMEOUT,
            "connectTimeout",
            Duration.ofSeconds(5),
            "maxResponseBytes",
            MAX_BYTES,
            "maxImageBytes",
            MAX_BYTES / 2,
            "downloadAttempts",
            2
        };
        return TestSettings.with(
                TestSettings.DEFAULTS.backend(),
                Stream.concat(Arrays.stream(defaults), Arrays.stream(namesAndValues))
                        .toArray());
    }

    protected static JsonObject flag(String name) {
        return new JsonObject().put(name, true);
    }

    protected static List<Image> generated(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) backendOutcome).images();
    }

    protected static BackendFailure failed(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) backendOutcome).backendFailure();
    }

    protected static <T> T get(Future<T> future) {
        return get(future.toCompletionStage().toCompletableFuture());
    }

    protected static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
