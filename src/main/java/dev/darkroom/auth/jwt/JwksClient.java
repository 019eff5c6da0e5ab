package dev.darkroom.auth.jwt;

import dev.darkroom.http.SmallResourceClient;
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
 * Fetches the JWKS of an issuer. Follows no redirects, which would lead to a URL that the operator did not configure. Accepts no
 * content coding, so that a small response cannot expand. Thread-safe; nothing blocks.
 */
final class JwksClient {
    /** Timeout of a whole fetch, from the connection to the last byte. Short, because requests wait for it. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** Limit of a response. Many times the size of real key sets with certificates, and still parsed in milliseconds. */
    static final int MAX_RESPONSE_BYTES = 128 * 1024;

    private static final int OK = 200;

    private static final MultiMap HEADERS =
            MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "application/jwk-set+json, application/json");

    private final HttpDestination endpoint;
    private final SmallResourceClient client;

    /** @param maxHeaderBytes limit of the headers of a response */
    JwksClient(Vertx vertx, URI url, Duration timeout, int maxHeaderBytes) {
        this.endpoint = HttpDestination.configured(OutboundUrl.of(url));
        this.client = new SmallResourceClient(vertx, timeout, maxHeaderBytes, MAX_RESPONSE_BYTES);
    }

    /** Fetches the keys by {@code kid}, at least one. Fails when the request fails or the response is no usable JWK set. */
    Future<Map<String, JwtVerificationKey>> fetchKeys() {
        return client.get(endpoint, HEADERS, BodyCodec.string()).compose(JwksClient::parseResponse);
    }

    private static Future<Map<String, JwtVerificationKey>> parseResponse(HttpResponse<String> response) {
        if (response.statusCode() != OK) {
            return Future.failedFuture(new IOException("the issuer responded with status " + response.statusCode()));
        }
        String coding = response.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (coding != null && !coding.equalsIgnoreCase("identity")) {
            return Future.failedFuture(new IOException("the response has a content coding that was not requested"));
        }
        try {
            return Future.succeededFuture(JwkSetParser.parse(Objects.requireNonNullElse(response.body(), "")));
        } catch (JoseException e) {
            return Future.failedFuture(e);
        }
    }
}
