package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.BackendSettings;
import dev.darkroom.generation.worker.AttemptSequence;
import dev.darkroom.image.Image;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A backend with the simulator, over real sockets. */
public abstract class SimulatorBackendFixture extends BackendFixture {
    /** Texts of simulated AI servers, which clients must not get. */
    private static final String[] TEXTS_OF_SERVERS = {"NSFW", "script", "Allocation", "/srv", "API Error", "secret"};

    /** Number of values that are replaced in each kind of response. Descriptions of a server have hundreds of similar ones. */
    private static final int MAX_VALUES = 20;

    /** Values in place of those in a response. A number with a large exponent must not be written out. */
    private static final List<String> REPLACEMENTS =
            List.of("null", "true", "1e999999999", "\"%2F../ \\u0000\"", "{\"x\":[]}");

    /** Formats of errors that AI servers and gateways have. */
    private static final List<Function<String, Object>> ERROR_FORMATS = List.of(
            text -> new JsonObject().put("error", new JsonObject().put("message", text)),
            text -> new JsonObject().put("detail", text),
            text -> text);

    private static final Pattern CALLBACK_URL = Pattern.compile("(https?://[^\"]*/callbacks/)([^\"]+)");

    protected static Vertx vertx;
    protected static InProcessSimulator simulator;
    protected ImageBackend backend;

    @BeforeAll
    static void startSimulator() {
        vertx = Vertx.vertx();
        simulator = new InProcessSimulator(Duration.ZERO);
    }

    @AfterAll
    static void stopSimulator() {
        simulator.close();
        get(vertx.close());
    }

    @BeforeEach
    void start() {
        simulator.reset();
        backend = createBackend(simulatorUrl());
    }

    @AfterEach
    void stop() {
        get(backend.close());
    }

    /** Returns the settings that decide about retries, with the type of the backend. */
    protected abstract BackendSettings backendSettings();

    /** @param base address of the simulator, without a path */
    protected abstract ImageBackend createBackend(URI base);

    protected abstract ImageRequest request(int count);

    protected static URI simulatorUrl() {
        return URI.create("http://127.0.0.1:" + simulator.port());
    }

    protected static BackendCall call(JobListener listener) {
        return new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), listener);
    }

    protected BackendOutcome generate(ImageRequest request) {
        return generate(request, new BackendCall(LONG_TIMEOUT));
    }

    protected BackendOutcome generate(ImageRequest request, BackendCall backendCall) {
        return get(backend.generate(request, backendCall));
    }

    protected static void awaitSubmissionCount(int count) {
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> simulator.recordedRequests().size() == count);
    }

    protected static void awaitClosedConnection() {
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> simulator.recordedRequests().get(0).getString("closedAt") != null);
    }

    /** Waits until the AI server is ready for another submission. */
    protected void awaitReady() {
        // Most protocols queue submissions.
    }

    /** Returns the timeout of the attempt that meets a fault. */
    protected Duration timeout(BackendFault fault) {
        return fault.unanswered() ? SHORT_TIMEOUT : LONG_TIMEOUT;
    }

    /** Runs faults one after the other and compares their results with a table of a page. */
    protected void assertDocumented(FaultTable table, List<BackendFault> faults) {
        for (BackendFault fault : faults) {
            simulator.reset();
            ImageBackend fresh = createBackend(simulatorUrl());
            ImageBackend first = fresh;
            if (fault.step() == null) {
                first = createBackend(URI.create("http://127.0.0.1:1"));
            } else {
                simulator.script(fault.step().get());
            }
            AttemptSequence.Result result = new AttemptSequence(vertx, backendSettings(), request(2), this::awaitReady)
                    .run(first, fresh, timeout(fault));
            if (result.failure() != null) {
                assertThat(result.failure().message())
                        .as(fault.label())
                        .matches("[A-Z].*\\.")
                        .doesNotContain(TEXTS_OF_SERVERS);
            }
            table.add(fault, result, simulator.recordedRequests().size());
            get(first.close());
            get(fresh.close());
        }
        table.assertDocumented();
    }

    /** Drops the first download of an image, of a protocol whose results are URLs. */
    protected void assertDownloadIsRepeatedAndNotTheSubmission() {
        // given
        simulator.script(flag("urlResult").put("downloadFaults", new JsonArray().add(flag("drop"))));

        // when
        List<Image> images = generated(generate(request(1)));

        // then
        assertThat(images).hasSize(1);
        assertThat(simulator.recordedRequests())
                .singleElement()
                .satisfies(submission ->
                        assertThat(submission.getJsonArray("downloads")).hasSize(2));
    }

    /**
     * Replaces each value in each kind of JSON response by a value of another type, one after the other. No call may fail with an unexpected
     * exception.
     */
    public void assertMutatedResponsesCauseNoInternalErrors() {
        SoftAssertions assertions = new SoftAssertions();
        try (MutatingProxy proxy = new MutatingProxy(vertx, simulatorUrl())) {
            assertThat(generateThrough(proxy.url(), LONG_TIMEOUT)).isInstanceOf(BackendOutcome.Generated.class);
            Map<String, List<String>> values = proxy.values();
            assertThat(values).isNotEmpty();
            int next = 0;
            for (Map.Entry<String, List<String>> route : values.entrySet()) {
                List<String> paths = route.getValue();
                for (String path : paths.subList(0, Math.min(paths.size(), MAX_VALUES))) {
                    String replacement = REPLACEMENTS.get(next++ % REPLACEMENTS.size());
                    proxy.mutate(route.getKey(), path, replacement);
                    if (generateThrough(proxy.url(), Duration.ofMillis(500)) instanceof BackendOutcome.Failed failed) {
                        assertions
                                .assertThat(failed.backendFailure().failureClass())
                                .as("%s, %s is %s", route.getKey(), path, replacement)
                                .isNotEqualTo(FailureClass.INTERNAL);
                    }
                }
            }
        }
        assertions.assertAll();
    }

    /** Rejects submissions with error texts that quote credentials and URLs of the request. No part of the failure may contain them. */
    public void assertErrorTextsAreRedacted() {
        Set<String> credentials = ConcurrentHashMap.newKeySet();
        for (Function<String, Object> format : ERROR_FORMATS) {
            HttpServer server = get(vertx.createHttpServer()
                    .requestHandler(request -> request.body().onSuccess(body -> {
                        String text = "quoted: " + quote(request, body.toString(), credentials);
                        request.response()
                                .setStatusCode(400)
                                .end(format.apply(text).toString());
                    }))
                    .listen(0, "127.0.0.1"));
            BackendFailure failure =
                    failed(generateThrough(URI.create("http://127.0.0.1:" + server.actualPort()), LONG_TIMEOUT));
            assertThat(failure.detail()).contains("quoted: ").contains("?<redacted>");
            assertThat(credentials.contains(API_KEY))
                    .isEqualTo(backendSettings().apiKey().isPresent());
            assertThat(credentials)
                    .allSatisfy(credential -> assertThat(failure.toString()).doesNotContain(credential));
            get(server.close());
        }
    }

    /** Returns a text with the credentials of a request, and adds them to {@code credentials}. */
    private static String quote(HttpServerRequest request, String body, Set<String> credentials) {
        List<String> quoted = new ArrayList<>();
        request.headers().forEach((name, value) -> {
            if (value.contains(API_KEY)) {
                credentials.add(API_KEY);
                quoted.add(name + ": " + value);
            }
        });
        Matcher callback = CALLBACK_URL.matcher(body);
        if (callback.find()) {
            credentials.add(callback.group(2));
            quoted.add(callback.group(1) + callback.group(2));
        }
        credentials.add("signature-of-the-url");
        quoted.add(request.uri() + "?sig=signature-of-the-url");
        return String.join(" ", quoted);
    }

    private BackendOutcome generateThrough(URI url, Duration timeout) {
        simulator.reset();
        ImageBackend through = createBackend(url);
        BackendCall call = new BackendCall(timeout);
        BackendOutcome outcome = get(through.generate(request(1), call));
        call.release();
        get(through.close());
        return outcome;
    }
}
