package dev.darkroom.http;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.RejectedUrlException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.Map;

/**
 * Posts to servers that somebody else named. A call goes to an address that was judged for it and under the name that the URL has:
 * nothing is looked up a second time. No redirects. Thread-safe; nothing blocks.
 */
public final class GuardedHttpClient {
    /**
     * So much later than our own deadline the client would give up connecting: when both come at once, it may forget to answer.
     */
    private static final Duration CONNECT_TIMEOUT_MARGIN = Duration.ofSeconds(5);

    /** Of an answer nothing is wanted but its head. So much is read and dropped, so that who answers sees us listen. */
    static final int MAX_RESPONSE_BYTES = 64 * 1024;

    private final Vertx vertx;
    private final EgressPolicy egressPolicy;
    private final OutboundHttpClient client;
    private final Duration timeout;
    private final InvalidResponseLogger invalidResponseLogger = new InvalidResponseLogger(Ticker.systemTicker());

    /**
     * What came back.
     *
     * @param status any
     * @param headers of the answer
     */
    public record ResponseHead(int status, MultiMap headers) {}

    /**
     * @param patience for the whole of a call, from the lookup to the last byte
     * @param maxHeaderBytes the largest head of an answer
     */
    public GuardedHttpClient(Vertx vertx, EgressPolicy egressPolicy, Duration patience, int maxHeaderBytes) {
        this(vertx, egressPolicy, patience, maxHeaderBytes, null);
    }

    /** @param trust the certificates to trust; null for those of the JVM */
    GuardedHttpClient(
            Vertx vertx, EgressPolicy egressPolicy, Duration patience, int maxHeaderBytes, TrustOptions trust) {
        this.vertx = vertx;
        this.egressPolicy = egressPolicy;
        this.timeout = patience;
        this.client = new OutboundHttpClient(vertx, patience.plus(CONNECT_TIMEOUT_MARGIN), maxHeaderBytes, trust);
    }

    /**
     * Posts.
     *
     * @param url is judged anew
     * @param handle broken off by whoever holds it
     * @return fails with a {@link HttpCallException} when no head of an answer came in time. With one it completes when the answer was
     *     read, was too long or took too long: what the head said holds
     */
    public Future<ResponseHead> post(String url, Map<String, String> headers, Buffer body, AbortHandle handle) {
        GuardedHttpCall guardedHttpCall = new GuardedHttpCall(vertx, handle, timeout);
        egressPolicy
                .resolve(url)
                .onFailure(error -> {
                    if (error instanceof RejectedUrlException) {
                        guardedHttpCall.fail(Reason.REFUSED_ADDRESS, "The URL " + error.getMessage() + ".");
                    } else {
                        guardedHttpCall.fail(Reason.LOOKUP_FAILED, "The name of the server could not be looked up.");
                    }
                })
                .onSuccess(httpDestination -> connect(httpDestination, headers, body, guardedHttpCall));
        return guardedHttpCall.result();
    }

    private void connect(
            HttpDestination httpDestination,
            Map<String, String> headers,
            Buffer body,
            GuardedHttpCall guardedHttpCall) {
        if (guardedHttpCall.ended()) {
            return;
        }
        MultiMap all = MultiMap.caseInsensitiveMultiMap().addAll(headers);
        guardedHttpCall.onInvalidResponse(error -> invalidResponseLogger.log(httpDestination.url(), error));
        client.request(HttpMethod.POST, httpDestination, all, timeout.plus(CONNECT_TIMEOUT_MARGIN))
                .onSuccess(request -> guardedHttpCall.send(request, body))
                .onFailure(guardedHttpCall::handleFailure);
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
