package dev.darkroom.egress;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.egress.CallFailedException.Why;
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
public final class Courier {
    /**
     * So much later than our own deadline the client would give up connecting: when both come at once, it may forget to answer.
     */
    private static final Duration LATER = Duration.ofSeconds(5);

    /** Of an answer nothing is wanted but its head. So much is read and dropped, so that who answers sees us listen. */
    static final int MOST_BYTES = 64 * 1024;

    private final Vertx vertx;
    private final Egress egress;
    private final OutboundClient client;
    private final Duration patience;
    private final RefusedAnswerLog refusedAnswers = new RefusedAnswerLog(Ticker.systemTicker());

    /**
     * What came back.
     *
     * @param status any
     * @param headers of the answer
     */
    public record Answer(int status, MultiMap headers) {}

    /**
     * @param patience for the whole of a call, from the lookup to the last byte
     * @param maxHeaderBytes the largest head of an answer
     */
    public Courier(Vertx vertx, Egress egress, Duration patience, int maxHeaderBytes) {
        this(vertx, egress, patience, maxHeaderBytes, null);
    }

    /** @param trust the certificates to trust; null for those of the JVM */
    Courier(Vertx vertx, Egress egress, Duration patience, int maxHeaderBytes, TrustOptions trust) {
        this.vertx = vertx;
        this.egress = egress;
        this.patience = patience;
        this.client = new OutboundClient(vertx, patience.plus(LATER), maxHeaderBytes, trust);
    }

    /**
     * Posts.
     *
     * @param url is judged anew
     * @param handle broken off by whoever holds it
     * @return fails with a {@link CallFailedException} when no head of an answer came in time. With one it completes when the answer was
     *     read, was too long or took too long: what the head said holds
     */
    public Future<Answer> post(String url, Map<String, String> headers, Buffer body, CallHandle handle) {
        Delivery delivery = new Delivery(vertx, handle, patience);
        egress.judge(url)
                .onFailure(error -> {
                    if (error instanceof RefusedUrlException) {
                        delivery.fail(Why.REFUSED_ADDRESS, "The URL " + error.getMessage() + ".");
                    } else {
                        delivery.fail(Why.LOOKUP_FAILED, "The name of the server could not be looked up.");
                    }
                })
                .onSuccess(destination -> connect(destination, headers, body, delivery));
        return delivery.answer();
    }

    private void connect(Destination destination, Map<String, String> headers, Buffer body, Delivery delivery) {
        if (delivery.over()) {
            return;
        }
        MultiMap all = MultiMap.caseInsensitiveMultiMap().addAll(headers);
        delivery.onRefused(error -> refusedAnswers.log(destination.url(), error));
        client.request(HttpMethod.POST, destination, all, patience.plus(LATER))
                .onSuccess(request -> delivery.send(request, body))
                .onFailure(delivery::failed);
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
