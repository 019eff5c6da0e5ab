package dev.darkroom.chaos;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * An AI server whose answers are larger than anybody should want. It begins to answer when as many requests as it was
 * told to expect are there, so that the answers come at once.
 */
final class LargeResponseServer implements AutoCloseable {
    private static final int BLOCK = 64 * 1024;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile ResponseWriter nextResponse;
    private volatile CountDownLatch pendingRequests = new CountDownLatch(0);

    /** What is written to a request, as fast as it is taken. */
    interface ResponseWriter {
        void to(HttpExchange exchange) throws IOException;
    }

    LargeResponseServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/v1/images/generations", exchange -> {
            exchange.getRequestBody().readAllBytes();
            pendingRequests.countDown();
            await(pendingRequests);
            send(exchange, nextResponse);
        });
        server.start();
    }

    /** From now on every submission gets this, the first of them once so many have come. */
    void nextResponse(int atOnce, ResponseWriter next) {
        nextResponse = next;
        pendingRequests = new CountDownLatch(atOnce);
    }

    /** A further resource, at once. */
    URI addResource(String path, ResponseWriter resource) {
        server.createContext(path, exchange -> send(exchange, resource));
        return url().resolve(path);
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1");
    }

    private static void send(HttpExchange exchange, ResponseWriter responseWriter) {
        try (exchange) {
            responseWriter.to(exchange);
        } catch (IOException e) {
            // Nobody wants the rest: what is tested.
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A success with a body of these bytes. */
    static ResponseWriter ofBytes(byte[]... parts) {
        long length = Arrays.stream(parts).mapToLong(part -> part.length).sum();
        return exchange -> {
            exchange.sendResponseHeaders(200, length);
            for (byte[] part : parts) {
                write(exchange, part, 0, part.length);
            }
        };
    }

    /** A success with a body of so many bytes, which looks like a picture without end. */
    static ResponseWriter oversized(long length, boolean announced) {
        byte[] start = "{\"data\":[{\"b64_json\":\"".getBytes(StandardCharsets.US_ASCII);
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) 'A');
        return exchange -> {
            exchange.sendResponseHeaders(200, announced ? length : 0);
            write(exchange, start, 0, start.length);
            for (long left = length - start.length; left > 0; left -= BLOCK) {
                write(exchange, block, 0, (int) Math.min(left, BLOCK));
            }
        };
    }

    /** In blocks, since the JDK copies what it is given into a native buffer as large. */
    private static void write(HttpExchange exchange, byte[] bytes, int from, int count) throws IOException {
        for (int at = from; at < from + count; at += BLOCK) {
            exchange.getResponseBody().write(bytes, at, Math.min(BLOCK, from + count - at));
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
