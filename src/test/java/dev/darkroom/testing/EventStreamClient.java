package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.ContractCheck;
import dev.darkroom.testing.EventStreamParser.Frame;
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
public final class EventStreamClient implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(30))
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final URI base;
    private final String path;
    private final Map<String, String> headers;
    private final List<Frame> frames = new CopyOnWriteArrayList<>();
    private final List<AssertionError> broken = new CopyOnWriteArrayList<>();
    private String lastEventId = "";
    private Connection connection;

    private EventStreamClient(URI base, String path, Map<String, String> headers) {
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
    public static EventStreamClient open(URI base, String path, Map<String, String> headers) {
        EventStreamClient client = new EventStreamClient(base, path, headers);
        client.connect();
        return client;
    }

    private static final class Connection {
        private final EventStreamParser parser;
        private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
        private final CompletableFuture<HttpResponse.ResponseInfo> head = new CompletableFuture<>();
        private CompletableFuture<HttpResponse<Void>> end;

        private Connection(EventStreamParser parser) {
            this.parser = parser;
        }

        private boolean stream() {
            return head.join().headers().firstValue("Content-Type").orElse("").equals("text/event-stream");
        }
    }

    /** Comes back, with the last event id as a browser would. What was heard before is kept. */
    public EventStreamClient reconnect() {
        close();
        connect();
        return this;
    }

    private void connect() {
        Connection next = new Connection(new EventStreamParser(lastEventId, this::keep));
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
        ContractCheck.check("GET", base.resolve(path).getPath(), head.statusCode(), told, body);
    }

    private void keep(Frame frame) {
        try {
            if (!frame.data().isEmpty()) {
                ContractCheck.checkEvent("GET", base.resolve(path).getPath(), frame.event(), frame.data());
            }
            MessageCheck.sse(base.resolve(path).getPath(), frame);
        } catch (AssertionError e) {
            broken.add(e);
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
    public JsonObject json() {
        return new JsonObject(connection.whole.toString(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** Everything that was heard over all connections. Fails when something broke the contract. */
    public List<Frame> frames() {
        assertThat(broken).isEmpty();
        return List.copyOf(frames);
    }

    /** Those of one name. */
    public List<Frame> frames(String event) {
        return frames().stream().filter(frame -> frame.event().equals(event)).toList();
    }

    /** Waits until what was heard is as it should be. */
    public List<Frame> await(String what, Predicate<List<Frame>> enough) {
        Awaitility.await(what)
                .atMost(PATIENCE)
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
        Awaitility.await("the end of the stream").atMost(PATIENCE).until(() -> connection.end.isDone());
        assertThat(connection.end).isCompleted();
        frames();
    }

    /** Waits until the stream has ended or broken off. */
    public void awaitGone() {
        Awaitility.await("the end of the connection").atMost(PATIENCE).until(() -> connection.end.isDone());
    }

    /** Whether the stream is still open. */
    public boolean live() {
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
