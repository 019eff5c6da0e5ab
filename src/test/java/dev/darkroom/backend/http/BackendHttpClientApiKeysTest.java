package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFixture;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendKeyStatus.State;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.BackendKeySource;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The API keys of submissions, polls, look-ups and cancellations of a job. */
class BackendHttpClientApiKeysTest extends BackendFixture {
    private final Queue<String> requests = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Void> keyReplaced = new CompletableFuture<>();
    private volatile int pollStatus = 200;
    private Vertx vertx;
    private HttpServer server;
    private BackendHttpClient http;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        server = get(vertx.createHttpServer()
                .requestHandler(request -> {
                    String authorization = request.getHeader("Authorization");
                    requests.add(request.method() + " " + authorization);
                    if (authorization.endsWith("replaced")) {
                        keyReplaced.thenRun(
                                () -> request.response().setStatusCode(401).end("{}"));
                        return;
                    }
                    boolean poll = request.method() == HttpMethod.GET;
                    request.response().setStatusCode(poll ? pollStatus : 200).end("{}");
                })
                .listen(0, "127.0.0.1"));
        http = client(List.of(
                new BackendKeySource("main", new Secret("one"), null),
                new BackendKeySource("spare", new Secret("two"), null)));
    }

    private BackendHttpClient client(List<BackendKeySource> keys) {
        BackendSettings settings = settings("apiKey", Secret.NONE, "apiKeys", keys);
        return new BackendHttpClient(
                vertx,
                settings,
                URI.create("http://127.0.0.1:" + server.actualPort()),
                memory(),
                MAX_HEADER_BYTES,
                BackendHttpClient::bearerToken);
    }

    @AfterEach
    void stop() {
        get(http.close());
        get(vertx.close());
    }

    @Test
    void refusedPollIsNoReasonForAnotherSubmission() {
        // given
        pollStatus = 401;

        // when
        BackendOutcome outcome = get(http.run(
                "key", call(null), scope -> send(scope, HttpMethod.POST).compose(job -> send(scope, HttpMethod.GET))));

        // then
        assertThat(failed(outcome).code()).isEqualTo("UNAUTHORIZED");
        assertThat(requests).containsExactly("POST Bearer one", "GET Bearer one");
        assertThat(http.keys()).extracting(BackendKeyStatus::state).containsExactly(State.UNAUTHORIZED, State.USABLE);
    }

    @Test
    void lateRejectionOfAReplacedValueIsFollowedByTheNewOne(@TempDir Path directory) throws IOException {
        // given a submission with the old value, whose response is outstanding
        Path file = Files.writeString(directory.resolve("key"), "replaced");
        BackendHttpClient other = client(List.of(new BackendKeySource("main", Secret.NONE, file)));
        Future<BackendOutcome> outcome = other.run("key", call(null), scope -> send(other, scope, HttpMethod.POST));
        await().atMost(LONG_TIMEOUT).until(() -> requests.contains("POST Bearer replaced"));

        // when the file changes and is read
        Files.writeString(file, "new");
        await().atMost(LONG_TIMEOUT).until(() -> {
            other.cancel(call("main").job(), scope -> send(other, scope, HttpMethod.DELETE));
            return requests.contains("DELETE Bearer new");
        });
        keyReplaced.complete(null);

        // then
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Generated.class);
        assertThat(requests)
                .filteredOn(request -> request.startsWith("POST"))
                .containsExactly("POST Bearer replaced", "POST Bearer new");
        assertThat(other.keys()).extracting(BackendKeyStatus::state).containsExactly(State.USABLE);
        get(other.close());
    }

    @ParameterizedTest
    @CsvSource({"spare, two", "main, one", "removed, one", ", one"})
    void lookUpAndCancellationUseTheKeyOfTheJob(String name, String secret) {
        // when
        get(http.lookUp("key", call(name), scope -> send(scope, HttpMethod.GET)));
        get(http.cancel(call(name).job(), scope -> send(scope, HttpMethod.POST)));

        // then
        assertThat(requests).containsExactly("GET Bearer " + secret, "POST Bearer " + secret);
    }

    @Test
    void lookUpNeverChangesTheKey() {
        // given
        pollStatus = 401;

        // when
        BackendOutcome outcome = get(http.lookUp("key", call("spare"), scope -> send(scope, HttpMethod.GET)));
        get(http.lookUp("key", call("spare"), scope -> send(scope, HttpMethod.GET)));

        // then
        assertThat(failed(outcome).code()).isEqualTo("UNAUTHORIZED");
        assertThat(requests).containsExactly("GET Bearer two", "GET Bearer two");
    }

    @Test
    void fetchNamesABodyThatIsTooLarge() {
        assertThat(new BackendProbe(http, settings())
                        .fetch("/schema", 1, LONG_TIMEOUT, InputStream::readAllBytes)
                        .map(body -> "read")
                        .otherwise(Throwable::getMessage)
                        .toCompletionStage()
                        .toCompletableFuture())
                .succeedsWithin(LONG_TIMEOUT)
                .asString()
                .contains("RESPONSE_TOO_LARGE");
    }

    @Test
    void onlyASubmissionMarksTheCallAsSent() {
        // given
        BackendCall call = call("main");

        // when
        get(http.lookUp("key", call, scope -> send(scope, HttpMethod.GET)));

        // then
        assertThat(call.sent()).isFalse();

        // when an input image is uploaded, but nothing is submitted
        pollStatus = 404;
        get(http.run(
                "key",
                call,
                scope -> scope.prepare(
                        () -> send(scope, HttpMethod.POST).compose(sent -> send(scope, HttpMethod.GET)))));

        // then
        assertThat(call.sent()).isFalse();

        // when
        get(http.run("key", call, scope -> send(scope, HttpMethod.POST)));

        // then
        assertThat(call.sent()).isTrue();
    }

    private static BackendCall call(String apiKey) {
        return new BackendCall(LONG_TIMEOUT, new JobReference(UUID.randomUUID(), "id", apiKey), JobListener.NONE);
    }

    private Future<BackendOutcome> send(BackendCallScope scope, HttpMethod method) {
        return send(http, scope, method);
    }

    private static Future<BackendOutcome> send(BackendHttpClient http, BackendCallScope scope, HttpMethod method) {
        return http.send(scope, method, http.target("/job"), http.headers(scope), null)
                .map(response -> {
                    http.responses().requireBody(response);
                    return new BackendOutcome.Generated(List.of());
                });
    }
}
