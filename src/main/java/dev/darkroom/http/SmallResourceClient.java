package dev.darkroom.http;

import dev.darkroom.http.OutboundHttpClient.ConnectionLimits;
import dev.darkroom.http.egress.HttpDestination;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import io.vertx.ext.web.codec.BodyCodec;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Gets small resources from URLs configured by the operator. Wraps the Vert.x web client, whose codecs decode the body, around
 * {@link OutboundHttpClient}. The web client exposes neither its request nor its connection, so the limits apply to each
 * connection, which ends with a TCP reset when it exceeds one. Follows no redirects. Thread-safe.
 */
public final class SmallResourceClient {
    private final OutboundHttpClient client;
    private final WebClient webClient;
    private final Duration timeout;

    /**
     * @param timeout from the call to the last byte of the response; at least 1 ms
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param maxBodyBytes maximum size of the response body in bytes; a larger one is a failure
     */
    public SmallResourceClient(Vertx vertx, Duration timeout, int maxHeaderBytes, int maxBodyBytes) {
        this(vertx, timeout, maxHeaderBytes, maxBodyBytes, null);
    }

    /** @param trust trusted certificates; null for those of the JVM */
    SmallResourceClient(Vertx vertx, Duration timeout, int maxHeaderBytes, int maxBodyBytes, TrustOptions trust) {
        this.timeout = timeout;
        this.client = new OutboundHttpClient(
                vertx,
                timeout.plus(OutboundHttpClient.CONNECT_TIMEOUT_MARGIN),
                maxHeaderBytes,
                trust,
                new ConnectionLimits(timeout, maxBodyBytes));
        this.webClient = WebClient.wrap(
                client.httpClient(),
                new WebClientOptions().setUserAgentEnabled(false).setFollowRedirects(false));
    }

    /**
     * Gets a resource.
     *
     * @param httpDestination only its first server is called
     * @param headers in addition to the default headers
     * @param codec decodes the response body, whatever the status
     * @return the response with any status
     */
    public <T> Future<HttpResponse<T>> get(HttpDestination httpDestination, MultiMap headers, BodyCodec<T> codec) {
        RequestOptions options = client.createRequestOptions(HttpMethod.GET, httpDestination, 0, headers, timeout);
        // The timeouts of the web client do not cover the response body.
        return webClient
                .request(HttpMethod.GET, options)
                .as(codec)
                .send()
                .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .recover(error -> Future.failedFuture(
                        error instanceof TimeoutException
                                ? new TimeoutException("no response within " + timeout.toMillis() + " ms")
                                : error));
    }
}
