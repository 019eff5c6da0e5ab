package dev.darkroom.access;

import dev.darkroom.egress.Destination;
import dev.darkroom.egress.OutboundClient;
import dev.darkroom.egress.OutboundUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jose4j.lang.JoseException;

/**
 * Fetches the keys of an issuer. No redirects, which would lead to where the operator did not point; no content
 * coding, so that a small answer stays small. Thread-safe; nothing blocks.
 */
final class JwksFetch {
    /** All of it, from the connection to the last byte: callers wait for it. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Many times what issuers have, certificates included, and still parsed in milliseconds. */
    static final int MOST_BYTES = 128 * 1024;

    private static final int OK = 200;

    private static final MultiMap HEADERS =
            MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "application/jwk-set+json, application/json");

    private final Vertx vertx;
    private final Destination issuer;
    private final Duration patience;
    private final OutboundClient client;

    /** @param maxHeaderBytes the largest head of an answer */
    JwksFetch(Vertx vertx, URI url, Duration patience, int maxHeaderBytes) {
        this.vertx = vertx;
        this.issuer = Destination.configured(OutboundUrl.of(url));
        this.patience = patience;
        this.client = new OutboundClient(vertx, patience, maxHeaderBytes);
    }

    /** The keys by their names, at least one; fails when they cannot be had. */
    Future<Map<String, IssuerKey>> keys() {
        Promise<Buffer> body = Promise.promise();
        long timer = vertx.setTimer(
                patience.toMillis(),
                t -> body.tryFail(new TimeoutException("no answer within " + patience.toMillis() + " ms")));
        // On one context from end to end: on another the answer could be over before somebody listens to it.
        vertx.getOrCreateContext()
                .runOnContext(go -> client.request(HttpMethod.GET, issuer, HEADERS, patience)
                        .compose(request -> send(request, body))
                        .onFailure(body::tryFail));
        return body.future().onComplete(done -> vertx.cancelTimer(timer)).compose(JwksFetch::parse);
    }

    private static Future<Void> send(HttpClientRequest request, Promise<Buffer> body) {
        request.exceptionHandler(failure -> {});
        // Whoever gives up reads no further.
        body.future().onFailure(e -> OutboundClient.abort(request));
        return request.send().compose(response -> read(response, body));
    }

    /** Begins to read. */
    private static Future<Void> read(HttpClientResponse response, Promise<Buffer> body) {
        // First of all: to give up in the middle is told to this one too.
        response.exceptionHandler(body::tryFail);
        if (response.statusCode() != OK) {
            return Future.failedFuture(new IOException("it answered " + response.statusCode()));
        }
        String coding = response.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (coding != null && !coding.equalsIgnoreCase("identity")) {
            return Future.failedFuture(new IOException("it answered in a content coding that was not asked for"));
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
