package dev.darkroom.access;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jose4j.lang.JoseException;

/**
 * Fetches the keys of an issuer. No redirects, which would lead to where the operator did not point; no decompression, so that a small
 * answer stays small. Thread-safe; nothing blocks.
 */
final class JwksFetch {
    /** All of it, from the connection to the last byte: callers wait for it. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Many times what issuers have, certificates included, and still parsed in milliseconds. */
    static final int MOST_BYTES = 128 * 1024;

    private static final int OK = 200;
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    private final Vertx vertx;
    private final URI url;
    private final Duration patience;
    private final HttpClient client;

    JwksFetch(Vertx vertx, URI url, Duration patience) {
        this.vertx = vertx;
        this.url = url;
        this.patience = patience;
        this.client = vertx.createHttpClient(new HttpClientOptions().setDecompressionSupported(false));
    }

    /** The keys by their names, at least one; fails when they cannot be had. */
    Future<Map<String, IssuerKey>> keys() {
        Promise<Buffer> body = Promise.promise();
        long timer = vertx.setTimer(
                patience.toMillis(),
                t -> body.tryFail(new TimeoutException("no answer within " + patience.toMillis() + " ms")));
        // On one context from end to end: on another the answer could be over before somebody listens to it.
        vertx.getOrCreateContext()
                .runOnContext(go -> client.request(request())
                        .compose(request -> {
                            // Whoever gives up reads no further.
                            body.future().onFailure(e -> request.reset());
                            return request.putHeader("Accept", "application/jwk-set+json, application/json")
                                    .putHeader("User-Agent", "Darkroom")
                                    .send()
                                    .compose(response -> read(response, body));
                        })
                        .onFailure(body::tryFail));
        return body.future().onComplete(done -> vertx.cancelTimer(timer)).compose(JwksFetch::parse);
    }

    private RequestOptions request() {
        boolean tls = url.getScheme().equals("https");
        String path = url.getRawPath();
        return new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setSsl(tls)
                // An IPv6 address stands in brackets in a URL, and nowhere else.
                .setHost(url.getHost().replaceAll("[\\[\\]]", ""))
                .setPort(url.getPort() >= 0 ? url.getPort() : tls ? HTTPS : HTTP)
                .setURI(path.isEmpty() ? "/" : path);
    }

    /** Begins to read. */
    private static Future<Void> read(HttpClientResponse response, Promise<Buffer> body) {
        // First of all: to give up in the middle is told to this one too.
        response.exceptionHandler(body::tryFail);
        if (response.statusCode() != OK) {
            return Future.failedFuture(new IOException("it answered " + response.statusCode()));
        }
        Buffer read = Buffer.buffer();
        response.handler(part -> {
                    if (read.length() + part.length() > MOST_BYTES) {
                        body.tryFail(new IOException("it answered more than " + MOST_BYTES + " bytes"));
                    } else {
                        read.appendBuffer(part);
                    }
                })
                .endHandler(end -> body.tryComplete(read));
        return Future.succeededFuture();
    }

    private static Future<Map<String, IssuerKey>> parse(Buffer body) {
        try {
            return Future.succeededFuture(JwkSet.parse(body.toString(StandardCharsets.UTF_8)));
        } catch (JoseException e) {
            return Future.failedFuture(e);
        }
    }
}
