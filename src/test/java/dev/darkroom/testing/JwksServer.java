package dev.darkroom.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** HTTP server of a JWT issuer that publishes a key set. Can send arbitrary responses and counts requests. */
public final class JwksServer implements AutoCloseable {
    private final HttpServer server;
    private final AtomicInteger fetchCount = new AtomicInteger();
    private volatile int status = 200;
    private volatile String body;
    private volatile String location;

    public JwksServer(JwtSigningKey... keys) {
        publish(keys);
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::respondWith);
        server.start();
    }

    private void respondWith(HttpExchange exchange) throws IOException {
        try (exchange) {
            fetchCount.incrementAndGet();
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            if (location != null) {
                exchange.getResponseHeaders().set("Location", location);
            }
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    /** Returns the JWK set of these keys, as JSON. */
    public static String jwkSetOf(JwtSigningKey... keys) {
        return new JsonObject()
                .put(
                        "keys",
                        new JsonArray(
                                List.of(keys).stream().map(JwtSigningKey::jwk).toList()))
                .encode();
    }

    /** Replaces the published keys. */
    public void publish(JwtSigningKey... keys) {
        respondWith(200, jwkSetOf(keys));
    }

    /** Sets the response of the following requests. */
    public void respondWith(int newStatus, String newBody) {
        body = newBody;
        status = newStatus;
    }

    /** Redirects the following requests with status 302. */
    public void redirectTo(URI target) {
        location = target.toString();
        respondWith(302, "");
    }

    /** Returns the number of requests. */
    public int fetchCount() {
        return fetchCount.get();
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/keys/");
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
