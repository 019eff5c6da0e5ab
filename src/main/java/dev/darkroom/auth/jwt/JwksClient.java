package dev.darkroom.auth.jwt;

import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.OutboundUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.codec.BodyCodec;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jose4j.lang.JoseException;

/**
 * Fetches the keys of an issuer. No redirects, which would lead to where the operator did not point; no content
 * coding, so that a small answer stays small. Thread-safe; nothing blocks.
 */
final class JwksClient {
    /** All of it, from the connection to the last byte: callers wait for it. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** Many times what issuers have, certificates included, and still parsed in milliseconds. */
    static final int MAX_RESPONSE_BYTES = 128 * 1024;

    private static final int OK = 200;

    private static final MultiMap HEADERS =
            MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "application/jwk-set+json, application/json");

    private final HttpDestination endpoint;
    private final Duration timeout;
    private final OutboundHttpClient client;

    /** @param maxHeaderBytes the largest head of an answer */
    JwksClient(Vertx vertx, URI url, Duration patience, int maxHeaderBytes) {
        this.endpoint = HttpDestination.configured(OutboundUrl.of(url));
        this.timeout = patience;
        this.client = new OutboundHttpClient(vertx, patience, maxHeaderBytes);
    }

    /** The keys by their names, at least one; fails when they cannot be had. */
    Future<Map<String, JwtVerificationKey>> fetchKeys() {
        return client.get(endpoint, HEADERS, BodyCodec.string(), MAX_RESPONSE_BYTES, timeout)
                .compose(JwksClient::parseResponse);
    }

    private static Future<Map<String, JwtVerificationKey>> parseResponse(HttpResponse<String> answer) {
        if (answer.statusCode() != OK) {
            return Future.failedFuture(new IOException("it answered " + answer.statusCode()));
        }
        String coding = answer.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (coding != null && !coding.equalsIgnoreCase("identity")) {
            return Future.failedFuture(new IOException("it answered in a content coding that was not asked for"));
        }
        try {
            return Future.succeededFuture(JwkSetParser.parse(Objects.requireNonNullElse(answer.body(), "")));
        } catch (JoseException e) {
            return Future.failedFuture(e);
        }
    }
}
