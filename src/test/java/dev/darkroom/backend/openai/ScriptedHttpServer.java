package dev.darkroom.backend.openai;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Server on a real socket with scripted responses. Runs one step per request and path, and repeats the last step for all
 * further requests. Parses only the parts of HTTP that determine the end of a request.
 */
final class ScriptedHttpServer {

    /** Response to one request. */
    interface Step {
        void respond(ReceivedRequest request, NetSocket socket);
    }

    /** A received request. */
    record ReceivedRequest(String method, String path, Map<String, String> headers, Buffer body) {
        JsonObject json() {
            return new JsonObject(body);
        }
    }

    private final Vertx vertx;
    private final Map<String, Deque<Step>> steps = new HashMap<>();
    private final List<ReceivedRequest> requests = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong open = new AtomicLong();
    private final AtomicLong totalConnectionCount = new AtomicLong();
    private volatile long lastClosedAt;
    private NetServer server;

    private ScriptedHttpServer(Vertx vertx) {
        this.vertx = vertx;
    }

    static ScriptedHttpServer start(Vertx vertx) throws Exception {
        ScriptedHttpServer scripted = new ScriptedHttpServer(vertx);
        scripted.server =
                get(vertx.createNetServer().connectHandler(scripted::accept).listen(0, "127.0.0.1"));
        return scripted;
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    ScriptedHttpServer script(String path, Step... next) {
        synchronized (steps) {
            steps.computeIfAbsent(path, p -> new ArrayDeque<>()).addAll(List.of(next));
        }
        return this;
    }

    private void accept(NetSocket socket) {
        open.incrementAndGet();
        totalConnectionCount.incrementAndGet();
        socket.closeHandler(v -> {
            lastClosedAt = System.nanoTime();
            open.decrementAndGet();
        });
        socket.exceptionHandler(e -> {});
        AtomicReference<Buffer> received = new AtomicReference<>(Buffer.buffer());
        socket.handler(part -> {
            ReceivedRequest request = parse(received.get().appendBuffer(part));
            if (request != null) {
                received.set(Buffer.buffer());
                requests.add(request);
                next(request.path()).respond(request, socket);
            }
        });
    }

    private Step next(String path) {
        synchronized (steps) {
            Deque<Step> remaining = steps.getOrDefault(path, new ArrayDeque<>(List.of(respondWith(404, ""))));
            return remaining.size() > 1 ? remaining.poll() : remaining.peek();
        }
    }

    private static ReceivedRequest parse(Buffer received) {
        String text = received.toString("ISO-8859-1");
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            return null;
        }
        List<String> lines = text.substring(0, end).lines().toList();
        Map<String, String> headers = new HashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        if (received.length() < end + 4 + length) {
            return null;
        }
        String[] start = lines.get(0).split(" ", 3);
        return new ReceivedRequest(start[0], start[1], headers, received.getBuffer(end + 4, end + 4 + length));
    }

    Step respondWith(int status, String body, String... headers) {
        return bytes(status, Buffer.buffer(body), headers);
    }

    Step bytes(int status, Buffer body, String... headers) {
        return (request, socket) -> {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Status\r\nConnection: close\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            head.append("Content-Length: ").append(body.length()).append("\r\n\r\n");
            write(socket, Buffer.buffer(head.toString()).appendBuffer(body));
            socket.end();
        };
    }

    /** Returns a success with the images in base64. */
    Step respondWithImages(byte[]... images) {
        return respondWith(200, base64(images), "Content-Type: application/json");
    }

    static String base64(byte[]... images) {
        List<String> entries = new ArrayList<>();
        for (byte[] image : images) {
            entries.add("{\"b64_json\":\"" + Base64.getEncoder().encodeToString(image) + "\"}");
        }
        return "{\"created\":1,\"data\":[" + String.join(",", entries) + "]}";
    }

    Step respondWithUrls(String... urls) {
        List<String> entries = new ArrayList<>();
        for (String url : urls) {
            entries.add(new JsonObject().put("url", url).encode());
        }
        return respondWith(200, "{\"data\":[" + String.join(",", entries) + "]}");
    }

    Step respondKeptAlive(String body) {
        return (request, socket) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            write(
                    socket,
                    Buffer.buffer("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n")
                            .appendBytes(bytes));
        };
    }

    /** Sends raw bytes, given in ISO-8859-1, and closes the connection. */
    Step sendRaw(String... bytes) {
        return (request, socket) -> {
            write(socket, Buffer.buffer(String.join("", bytes), "ISO-8859-1"));
            socket.end();
        };
    }

    Step dropConnection() {
        return (request, socket) -> socket.close();
    }

    Step sendNothing() {
        return (request, socket) -> {};
    }

    /** Sends the response head immediately, then one byte of the body every 20 ms. */
    Step sendSlowBody() {
        return (request, socket) -> {
            write(socket, Buffer.buffer("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"));
            long timer = vertx.setPeriodic(20, t -> write(socket, Buffer.buffer(" ")));
            socket.closeHandler(v -> {
                vertx.cancelTimer(timer);
                lastClosedAt = System.nanoTime();
                open.decrementAndGet();
            });
        };
    }

    /** Sends a success with an endless body, as fast as the client reads. */
    Step sendEndlessBody() {
        return (request, socket) -> {
            write(socket, Buffer.buffer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
            Buffer chunk =
                    Buffer.buffer("10000\r\n").appendBytes(new byte[0x10000]).appendString("\r\n");
            writeEndlessly(socket, chunk);
        };
    }

    private void writeEndlessly(NetSocket socket, Buffer chunk) {
        write(socket, chunk).onSuccess(v -> writeEndlessly(socket, chunk));
    }

    private Future<Void> write(NetSocket socket, Buffer bytes) {
        return socket.write(bytes).onSuccess(v -> written.addAndGet(bytes.length()));
    }

    URI base() {
        return URI.create("http://127.0.0.1:" + port() + "/v1");
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    int port() {
        return server.actualPort();
    }

    List<ReceivedRequest> requests(String path) {
        synchronized (requests) {
            return requests.stream()
                    .filter(request -> request.path().equals(path))
                    .toList();
        }
    }

    List<ReceivedRequest> requests() {
        synchronized (requests) {
            return List.copyOf(requests);
        }
    }

    long openConnections() {
        return open.get();
    }

    long totalConnections() {
        return totalConnectionCount.get();
    }

    long bytesWritten() {
        return written.get();
    }

    /** Returns the time of the last close, see {@link System#nanoTime()}. */
    long lastClosedAt() {
        return lastClosedAt;
    }
}
