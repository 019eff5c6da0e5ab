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
 * AI server that sends very large responses. Starts to respond when the expected number of requests has arrived, so that
 * the responses are concurrent.
 */
final class LargeResponseServer implements AutoCloseable {
    private static final int BLOCK = 64 * 1024;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile ResponseWriter nextResponse;
    private volatile CountDownLatch pendingRequests = new CountDownLatch(0);

    /** Writes the response to a request, as fast as the client reads it. */
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

    /** Sets the response of the following submissions. The first ones wait until {@code concurrent} have arrived. */
    void nextResponse(int concurrent, ResponseWriter next) {
        nextResponse = next;
        pendingRequests = new CountDownLatch(concurrent);
    }

    /** Adds a resource, served without waiting, and returns its URL. */
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
            // The client closed the connection early, which the test provokes.
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns a 200 response with the given parts as body. */
    static ResponseWriter ofBytes(byte[]... parts) {
        long length = Arrays.stream(parts).mapToLong(part -> part.length).sum();
        return exchange -> {
            exchange.sendResponseHeaders(200, length);
            for (byte[] part : parts) {
                write(exchange, part, 0, part.length);
            }
        };
    }

    /**
     * Returns a 200 response with an unterminated base64 image of {@code length} bytes.
     *
     * @param withContentLength false for chunked transfer coding
     */
    static ResponseWriter oversized(long length, boolean withContentLength) {
        byte[] start = "{\"data\":[{\"b64_json\":\"".getBytes(StandardCharsets.US_ASCII);
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) 'A');
        return exchange -> {
            exchange.sendResponseHeaders(200, withContentLength ? length : 0);
            write(exchange, start, 0, start.length);
            for (long left = length - start.length; left > 0; left -= BLOCK) {
                write(exchange, block, 0, (int) Math.min(left, BLOCK));
            }
        };
    }

    /** Writes in blocks, since the JDK copies each write into a native buffer of the same size. */
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
