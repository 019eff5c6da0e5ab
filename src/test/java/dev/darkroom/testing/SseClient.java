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
 * Client of an event stream, like a browser's {@code EventSource} without automatic reconnection. Validates response and events
 * against the contract. The methods block.
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

    /** Opens the stream of notifications of the only user and waits for its first frame. */
    public static SseClient openNotifications(ApiClient api) {
        SseClient stream = open(api.base(), "/api/notifications/stream", Map.of());
        stream.await("the first frame", frames -> !frames.isEmpty());
        return stream;
    }

    /**
     * Opens a stream and waits for the head of the response.
     *
     * @param path may have a query
     * @param headers such as credentials
     */
    public static SseClient open(URI base, String path, Map<String, String> headers) {
        SseClient client = new SseClient(base, path, headers);
        client.connect();
        return client;
    }

    private static final class Connection {
        private final SseParser parser;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final CompletableFuture<HttpResponse.ResponseInfo> head = new CompletableFuture<>();
        private CompletableFuture<HttpResponse<Void>> end;

        private Connection(SseParser parser) {
            this.parser = parser;
        }

        private boolean stream() {
            return head.join().headers().firstValue("Content-Type").orElse("").equals("text/event-stream");
        }
    }

    /** Reconnects with the last event id, as a browser would. Keeps the events received before. */
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
            return BodySubscribers.ofByteArrayConsumer(bytes -> bytes.ifPresent(part -> {
                if (stream) {
                    next.parser.feed(part);
                } else {
                    next.body.writeBytes(part);
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
                next.head.orTimeout(60, TimeUnit.SECONDS).join();
        byte[] body = {};
        if (!next.stream()) {
            next.end.orTimeout(60, TimeUnit.SECONDS).join();
            body = next.body.toByteArray();
        }
        Map<String, String> received = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        head.headers().map().forEach((name, values) -> received.put(name, values.get(0)));
        OpenApiResponseValidator.check("GET", base.resolve(path).getPath(), head.statusCode(), received, body);
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

    /** Returns the status of the last response. */
    public int status() {
        return connection.head.join().statusCode();
    }

    /** Returns a header of the last response, or null when it is absent. */
    public String header(String name) {
        return connection.head.join().headers().firstValue(name).orElse(null);
    }

    /** Returns the body of the last response, which must not be a stream. */
    public JsonObject jsonBody() {
        return new JsonObject(connection.body.toString(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** Returns the events of all connections. Fails after a violation of the contract. */
    public List<Frame> frames() {
        assertThat(violations).isEmpty();
        return List.copyOf(frames);
    }

    /** Returns the events with one name. */
    public List<Frame> frames(String event) {
        return frames().stream().filter(frame -> frame.event().equals(event)).toList();
    }

    /** Waits until the received events satisfy a condition, and returns them. */
    public List<Frame> await(String alias, Predicate<List<Frame>> condition) {
        Awaitility.await(alias)
                .atMost(TIMEOUT)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> condition.test(frames()));
        return frames();
    }

    /** Waits for an event with this name and returns the first one. */
    public Frame awaitEvent(String event) {
        await(
                event,
                received -> received.stream().anyMatch(frame -> frame.event().equals(event)));
        return frames(event).get(0);
    }

    /** Waits until the service has ended the response properly. */
    public void awaitEnd() {
        Awaitility.await("the end of the stream").atMost(TIMEOUT).until(() -> connection.end.isDone());
        assertThat(connection.end).isCompleted();
        frames();
    }

    /** Waits until the response has ended or the connection was aborted. */
    public void awaitDisconnect() {
        Awaitility.await("the end of the connection").atMost(TIMEOUT).until(() -> connection.end.isDone());
    }

    /** Returns whether the stream is still open. */
    public boolean isOpen() {
        return !connection.end.isDone();
    }

    /** Returns the last event id that a browser would send on reconnection. */
    public String lastEventId() {
        return connection == null ? lastEventId : connection.parser.lastEventId();
    }

    /** Returns the reconnection time in milliseconds, or null when the server sent none. */
    public Integer retryMs() {
        return connection.parser.retryMs();
    }

    /** Returns the number of comments on this connection. */
    public int comments() {
        return connection.parser.comments();
    }

    /** Closes the connection. */
    @Override
    public void close() {
        if (connection != null) {
            lastEventId = connection.parser.lastEventId();
            connection.end.cancel(true);
            connection = null;
        }
    }
}
