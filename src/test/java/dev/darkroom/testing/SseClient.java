package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import dev.darkroom.testing.SseParser.Frame;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/**
 * A browser's {@code EventSource} for tests, except that it comes back only when it is told. Answer and events are held against the
 * contract. No thread of its own. The methods block.
 */
public final class SseClient implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(30))
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final URI base;
    private final String path;
    private final Map<String, String> headers;
    private final List<Frame> frames = new CopyOnWriteArrayList<>();
    private final List<AssertionError> violations = new CopyOnWriteArrayList<>();
    private String lastEventId = "";
    private Connection connection;

    private SseClient(URI base, String path, Map<String, String> headers) {
        this.base = base;
        this.path = path;
        this.headers = new TreeMap<>(headers);
    }

    /**
     * Opens a stream and waits for the head of the answer.
     *
     * @param path with its query
     * @param headers such as credentials
     */
    public static SseClient open(URI base, String path, Map<String, String> headers) {
        SseClient client = new SseClient(base, path, headers);
        client.connect();
        return client;
    }

    private static final class Connection {
        private final SseParser parser;
        private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
        private final CompletableFuture<HttpResponse.ResponseInfo> head = new CompletableFuture<>();
        private CompletableFuture<HttpResponse<Void>> end;

        private Connection(SseParser parser) {
            this.parser = parser;
        }

        private boolean stream() {
            return head.join().headers().firstValue("Content-Type").orElse("").equals("text/event-stream");
        }
    }

    /** Comes back, with the last event id as a browser would. What was heard before is kept. */
    public SseClient reconnect() {
        close();
        connect();
        return this;
    }

    private void connect() {
        Connection next = new Connection(new SseParser(lastEventId, this::addFrame));
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).header("Accept", "text/event-stream");
        headers.forEach(request::setHeader);
        if (!lastEventId.isEmpty()) {
            request.setHeader("Last-Event-ID", lastEventId);
        }
        next.end = HTTP.sendAsync(request.build(), info -> {
            next.head.complete(info);
            boolean stream = next.stream();
            return BodySubscribers.ofByteArrayConsumer(bytes -> bytes.ifPresent(some -> {
                if (stream) {
                    next.parser.feed(some);
                } else {
                    next.whole.writeBytes(some);
                }
            }));
        });
        next.end.whenComplete((ended, failure) -> {
            if (failure != null) {
                next.head.completeExceptionally(failure);
            }
        });
        connection = next;
        HttpResponse.ResponseInfo head =
                next.head.orTimeout(20, TimeUnit.SECONDS).join();
        byte[] body = {};
        if (!next.stream()) {
            next.end.orTimeout(20, TimeUnit.SECONDS).join();
            body = next.whole.toByteArray();
        }
        Map<String, String> told = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        head.headers().map().forEach((name, values) -> told.put(name, values.get(0)));
        OpenApiResponseValidator.check("GET", base.resolve(path).getPath(), head.statusCode(), told, body);
    }

    private void addFrame(Frame frame) {
        try {
            if (!frame.data().isEmpty()) {
                OpenApiResponseValidator.checkEvent("GET", base.resolve(path).getPath(), frame.event(), frame.data());
            }
            AsyncApiMessageValidator.validateSse(base.resolve(path).getPath(), frame);
        } catch (AssertionError e) {
            violations.add(e);
        }
        frames.add(frame);
    }

    /** The status of the last answer. */
    public int status() {
        return connection.head.join().statusCode();
    }

    /** A header of the last answer, null when absent. */
    public String header(String name) {
        return connection.head.join().headers().firstValue(name).orElse(null);
    }

    /** The last answer's body, when it was no stream. */
    public JsonObject jsonBody() {
        return new JsonObject(connection.whole.toString(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** Everything that was heard over all connections. Fails when something broke the contract. */
    public List<Frame> frames() {
        assertThat(violations).isEmpty();
        return List.copyOf(frames);
    }

    /** Those of one name. */
    public List<Frame> frames(String event) {
        return frames().stream().filter(frame -> frame.event().equals(event)).toList();
    }

    /** Waits until what was heard is as it should be. */
    public List<Frame> await(String what, Predicate<List<Frame>> enough) {
        Awaitility.await(what)
                .atMost(TIMEOUT)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> enough.test(frames()));
        return frames();
    }

    /** Waits for an event of this name, and returns the first. */
    public Frame awaitEvent(String event) {
        await(event, heard -> heard.stream().anyMatch(frame -> frame.event().equals(event)));
        return frames(event).get(0);
    }

    /** Waits until the service has ended the stream in order. */
    public void awaitEnd() {
        Awaitility.await("the end of the stream").atMost(TIMEOUT).until(() -> connection.end.isDone());
        assertThat(connection.end).isCompleted();
        frames();
    }

    /** Waits until the stream has ended or broken off. */
    public void awaitDisconnect() {
        Awaitility.await("the end of the connection").atMost(TIMEOUT).until(() -> connection.end.isDone());
    }

    /** Whether the stream is still open. */
    public boolean isOpen() {
        return !connection.end.isDone();
    }

    /** What a browser would come back with. */
    public String lastEventId() {
        return connection == null ? lastEventId : connection.parser.lastEventId();
    }

    /** After how many milliseconds it would come back, null when nothing was said. */
    public Integer retryMs() {
        return connection.parser.retryMs();
    }

    /** How many comments this connection has brought. */
    public int comments() {
        return connection.parser.comments();
    }

    /** Leaves. */
    @Override
    public void close() {
        if (connection != null) {
            lastEventId = connection.parser.lastEventId();
            connection.end.cancel(true);
            connection = null;
        }
    }
}
