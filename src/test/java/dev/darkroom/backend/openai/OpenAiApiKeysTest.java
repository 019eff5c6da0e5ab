package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendKeyStatus.State;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.BackendKeySource;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TestSettings;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several API keys of one AI server, over sockets. */
class OpenAiApiKeysTest extends OpenAiBackendFixture {
    private static final String QUOTA = "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"m\"}}";

    @TempDir
    Path directory;

    private Path spareFile;
    private OpenAiImagesBackend twoKeys;
    private final RecordingJobListener listener = new RecordingJobListener();

    @BeforeEach
    void createBackend() throws IOException {
        spareFile = directory.resolve("spare");
        Files.writeString(spareFile, "secret-spare\n");
        BackendSettings settings = TestSettings.with(
                settings(MAX_BYTES, MAX_BYTES / 2),
                "apiKey",
                Secret.NONE,
                "apiKeys",
                List.of(
                        new BackendKeySource("main", new Secret("secret-main"), null),
                        new BackendKeySource("spare", Secret.NONE, spareFile)));
        twoKeys = new OpenAiImagesBackend(vertx, settings, server.base(), memory, 65_536);
    }

    @AfterEach
    void closeBackend() {
        get(twoKeys.close());
    }

    @Test
    void usesKeysInTurn() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));

        // when
        generated(call());
        generated(call());
        generated(call());

        // then
        assertThat(sentKeys()).containsExactly("secret-main", "secret-spare", "secret-main");
        assertThat(listener.apiKeys).containsExactly("main", "spare", "main");
    }

    @ParameterizedTest
    @CsvSource({
        "401, '', UNAUTHORIZED",
        "402, '', PAYMENT_REQUIRED",
        "403, '', FORBIDDEN",
        "429, quota, QUOTA_EXHAUSTED",
        "429, '', RATE_LIMITED"
    })
    void repeatsCallWithOtherKeyAfterRejection(int status, String body, State state) {
        // given
        server.script(
                GENERATIONS,
                server.respondWith(status, body.isEmpty() ? "{}" : QUOTA, "Retry-After: 600"),
                server.respondWithImages(PNG));

        // when
        generated(call());
        generated(call());

        // then
        assertThat(sentKeys()).containsExactly("secret-main", "secret-spare", "secret-spare");
        assertThat(listener.apiKeys).containsExactly("main", "spare", "spare");
        assertThat(twoKeys.keys()).extracting(BackendKeyStatus::state).containsExactly(state, State.USABLE);
        assertThat(twoKeys.keys().get(0).remainingCooldown()).isPositive();
    }

    @ParameterizedTest
    @CsvSource({"401, UNAUTHORIZED", "402, PAYMENT_REQUIRED", "403, FORBIDDEN"})
    void failsAsWithOneKeyWhenAllAreRejected(int status, String code) {
        // given
        server.script(GENERATIONS, server.respondWith(status, "{}", "Retry-After: 600"));

        // when
        BackendFailure failure = failed(call());

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_AUTH);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.httpStatus()).isEqualTo(status);
        assertThat(failure.retryAfter()).isNull();
        assertThat(sentKeys()).containsExactly("secret-main", "secret-spare");

        // when: both are in cooldown, one call tries one key
        failed(call());

        // then
        assertThat(sentKeys()).hasSize(3);
    }

    @Test
    void requestsDelayOfFirstUsableKeyWhenAllAreRateLimited() {
        // given
        server.script(
                GENERATIONS,
                server.respondWith(429, "{}", "Retry-After: 30"),
                server.respondWith(429, "{}", "Retry-After: 600"));

        // when
        BackendFailure failure = failed(call());

        // then
        assertThat(failure.rateLimited()).isTrue();
        assertThat(failure.retryAfter()).isPositive().isLessThanOrEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void isRateLimitedWhileOnlyOneKeyIsRejected() {
        // given
        server.script(
                GENERATIONS,
                server.respondWith(429, "{}", "Retry-After: 600"),
                server.respondWith(401, "{\"error\":{\"message\":\"no key secret-spare\"}}"));

        // when
        BackendFailure failure = failed(call());

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(failure.rateLimited()).isTrue();
        assertThat(failure.detail()).contains("<redacted>").doesNotContain("secret");
    }

    @Test
    void keepsKeyForOtherFailures() {
        // given
        server.script(GENERATIONS, server.respondWith(503, "{}"), server.respondWith(400, "{}"));

        // when
        assertThat(failed(call()).code()).isEqualTo("UNAVAILABLE");
        assertThat(failed(call()).code()).isEqualTo("INVALID_REQUEST");

        // then
        assertThat(sentKeys()).containsExactly("secret-main", "secret-spare");
        assertThat(twoKeys.keys()).extracting(BackendKeyStatus::state).containsOnly(State.USABLE);
    }

    @Test
    void doesNotRepeatPaidImageWithForbiddenUrl() {
        // given
        server.script(GENERATIONS, server.respondWithUrls("http://192.168.7.7/image.png"));

        // when
        BackendFailure failure = failed(call());

        // then
        assertThat(failure.code()).isEqualTo("IMAGE_URL_NOT_ALLOWED");
        assertThat(sentKeys()).hasSize(1);
        assertThat(twoKeys.keys()).extracting(BackendKeyStatus::state).containsOnly(State.USABLE);
    }

    @Test
    void redactsAllKeys() {
        // given
        server.script(GENERATIONS, server.respondWith(400, "{\"error\":\"secret-main and secret-spare\"}"));

        // then
        assertThat(failed(call()).detail()).isEqualTo("<redacted> and <redacted>");
    }

    @Test
    void makesNoCallWhenKeyCannotBeStored() {
        // given
        JobListener failing = new JobListener() {
            @Override
            public Future<Void> onApiKeySelected(String apiKey) {
                return Future.failedFuture("no database");
            }

            @Override
            public void onAccepted(String providerId) {
                throw new AssertionError();
            }

            @Override
            public void onProgress(JobProgress progress) {
                throw new AssertionError();
            }
        };

        // when
        BackendOutcome outcome = get(twoKeys.generate(
                request(1), new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), failing)));

        // then
        assertThat(outcome).isInstanceOf(BackendOutcome.NotStarted.class);
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void keepsTheRejectionOfTheFirstKeyWhenTheNextCannotBeStored() {
        // given a lease that is lost during the first request
        server.script(GENERATIONS, server.respondWith(401, "{}"));
        JobListener losing = new JobListener() {
            @Override
            public Future<Void> onApiKeySelected(String apiKey) {
                return apiKey.equals("main") ? Future.succeededFuture() : Future.failedFuture("the lease is lost");
            }

            @Override
            public void onAccepted(String providerId) {
                throw new AssertionError();
            }

            @Override
            public void onProgress(JobProgress progress) {
                throw new AssertionError();
            }
        };
        BackendCall call = new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), losing);

        // when
        BackendFailure failure = failed(get(twoKeys.generate(request(1), call)));

        // then
        assertThat(failure.code()).isEqualTo("UNAUTHORIZED");
        assertThat(sentKeys()).containsExactly("secret-main");
        assertThat(call.sent()).isTrue();
    }

    @Test
    void healthCheckUsesUsableKeyAndRestsNone() {
        // given
        server.script(GENERATIONS, server.respondWith(401, "{}"), server.respondWithImages(PNG));
        server.script("/v1/models", server.respondWith(401, "{}"));
        generated(call());

        // when
        for (int i = 0; i < 3; i++) {
            assertThat(get(twoKeys.checkHealth(LONG_TIMEOUT))).isEqualTo(HealthCheckResult.PASSED);
        }

        // then
        assertThat(server.requests("/v1/models"))
                .extracting(request -> request.headers().get("authorization"))
                .containsOnly("Bearer secret-spare");
        assertThat(twoKeys.keys())
                .extracting(BackendKeyStatus::state)
                .containsExactly(State.UNAUTHORIZED, State.USABLE);
    }

    @Test
    void usesChangedFileWithoutRestart() throws IOException {
        // given
        server.script(
                GENERATIONS,
                server.respondWith(401, "{}"),
                server.respondWith(401, "{}"),
                server.respondWithImages(PNG));
        failed(call());

        // when
        Files.writeString(spareFile, "secret-new");
        await().atMost(60, TimeUnit.SECONDS).until(() -> twoKeys.keys().get(1).state() == State.USABLE);
        generated(call());

        // then
        assertThat(sentKeys()).containsExactly("secret-main", "secret-spare", "secret-new");

        // when
        Files.delete(spareFile);

        // then
        await().atMost(60, TimeUnit.SECONDS).until(() -> twoKeys.keys().get(1).state() == State.MISSING);
    }

    private BackendOutcome call() {
        return get(twoKeys.generate(
                request(1), new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), listener)));
    }

    private List<String> sentKeys() {
        return server.requests(GENERATIONS).stream()
                .map(request -> request.headers().get("authorization").substring("Bearer ".length()))
                .toList();
    }
}
