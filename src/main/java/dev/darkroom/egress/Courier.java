package dev.darkroom.egress;

import dev.darkroom.egress.CallFailedException.Why;
import dev.darkroom.egress.Egress.Destination;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;

/**
 * Posts to servers that somebody else named. Each call has a connection of its own, to an address that was judged for it and under the name
 * that the URL has: nothing is looked up a second time. No redirects, no cookies, no decompression, HTTP/1.1. Thread-safe; nothing blocks.
 */
public final class Courier {
    /**
     * So much later than our own deadline the client would give up connecting: when both come at once, it may forget to answer.
     */
    private static final Duration LATER = Duration.ofSeconds(5);

    /** Of an answer nothing is wanted but its head. So much is read and dropped, so that who answers sees us listen. */
    static final int MOST_BYTES = 64 * 1024;

    /** Connections to one host: not a second queue. How many calls there are is decided by who makes them. */
    private static final int POOL = 4096;

    private final Vertx vertx;
    private final Egress egress;
    private final HttpClient client;
    private final Duration patience;

    /**
     * What came back.
     *
     * @param status any
     * @param headers of the answer
     */
    public record Answer(int status, io.vertx.core.MultiMap headers) {}

    /** @param patience for the whole of a call, from the lookup to the last byte */
    public Courier(Vertx vertx, Egress egress, Duration patience) {
        this(vertx, egress, patience, new HttpClientOptions());
    }

    /** @param options with whom to trust */
    Courier(Vertx vertx, Egress egress, Duration patience, HttpClientOptions options) {
        this.vertx = vertx;
        this.egress = egress;
        this.patience = patience;
        options.setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(false)
                .setDecompressionSupported(false)
                .setMaxHeaderSize(16 * 1024)
                .setConnectTimeout(Math.toIntExact(patience.plus(LATER).toMillis()))
                .setVerifyHost(true);
        this.client = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(POOL));
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
                .onFailure(refused -> delivery.fail(Why.REFUSED_ADDRESS, "The URL " + refused.getMessage() + "."))
                .onSuccess(destination -> connect(destination, 0, headers, body, delivery));
        return delivery.answer();
    }

    private void connect(
            Destination destination, int which, Map<String, String> headers, Buffer body, Delivery delivery) {
        if (delivery.over()) {
            return;
        }
        client.request(options(destination, destination.addresses().get(which), headers))
                .onSuccess(request -> delivery.send(request, body))
                .onFailure(error -> {
                    boolean more = which + 1 < destination.addresses().size();
                    if (more && Delivery.couldNotConnect(error)) {
                        connect(destination, which + 1, headers, body, delivery);
                    } else {
                        delivery.failed(error);
                    }
                });
    }

    private RequestOptions options(Destination destination, InetAddress address, Map<String, String> headers) {
        ReceiverUrl url = destination.url();
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setSsl(url.tls())
                // The address that was judged. The name is only said: in Host, in SNI, and to check the certificate.
                .setServer(SocketAddress.inetSocketAddress(url.port(), address.getHostAddress()))
                .setHost(url.host())
                .setPort(url.port())
                .setURI(url.target())
                .setFollowRedirects(false)
                .setConnectTimeout(patience.plus(LATER).toMillis())
                .putHeader("User-Agent", "Darkroom");
        headers.forEach(options::putHeader);
        return options;
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
