package dev.darkroom.auth.jwt;

import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.http.ResponseLimits;
import dev.darkroom.http.ResponseMemory;
import dev.darkroom.http.egress.OutboundUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
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

    private final Vertx vertx;
    private final OutboundHttpClient client;
    private final OutboundRequest request;
    private final ResponseLimits limits;

    /** @param maxHeaderBytes limit of the headers of a response */
    JwksClient(Vertx vertx, URI url, Duration timeout, int maxHeaderBytes) {
        this.vertx = vertx;
        this.client =
                new OutboundHttpClient(vertx, timeout.plus(OutboundHttpClient.CONNECT_TIMEOUT_MARGIN), maxHeaderBytes);
        this.request =
                new OutboundRequest(HttpMethod.GET, RequestTarget.configured(OutboundUrl.of(url)), HEADERS, null);
        this.limits = new ResponseLimits(timeout, MAX_RESPONSE_BYTES, ResponseMemory.UNLIMITED, true);
    }

    /** Fetches the keys by {@code kid}, at least one. Fails when the request fails or the response is no usable JWK set. */
    Future<Map<String, JwtVerificationKey>> fetchKeys() {
        Promise<OutboundResponse> response = Promise.promise();
        // An exchange is confined to one context.
        vertx.runOnContext(
                now -> client.send(new HttpExchange(), request, limits).onComplete(response));
        return response.future()
                .recover(error -> Future.failedFuture(toCause((HttpCallException) error)))
                .compose(JwksClient::parseResponse);
    }

    private Throwable toCause(HttpCallException error) {
        return error.reason() == HttpCallException.Reason.TIMEOUT
                ? new TimeoutException("no response within " + limits.timeout().toMillis() + " ms")
                : error.getCause();
    }

    private static Future<Map<String, JwtVerificationKey>> parseResponse(OutboundResponse response) {
        if (response.status() != OK) {
            return Future.failedFuture(new IOException("the issuer responded with status " + response.status()));
        }
        if (response.truncated()) {
            return Future.failedFuture(new IOException("response body larger than " + MAX_RESPONSE_BYTES + " bytes"));
        }
        String coding = response.headers().get(HttpHeaders.CONTENT_ENCODING);
        if (coding != null && !coding.equalsIgnoreCase("identity")) {
            return Future.failedFuture(new IOException("the response has a content coding that was not requested"));
        }
        try {
            return Future.succeededFuture(JwkSetParser.parse(response.bodyText()));
        } catch (JoseException e) {
            return Future.failedFuture(e);
        }
    }
}
