package dev.darkroom.testing.s3;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** HTTP proxy in front of an S3 server that injects the faults of an object store. Thread-safe; construction and {@link #close} block. */
public final class S3FaultProxy implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = vertx.createHttpClient();
    private final HttpServer server;
    private final int target;
    private final List<RecordedRequest> requests = new CopyOnWriteArrayList<>();

    /** Guarded by this. */
    private Fault fault = Fault.NONE;

    /** Guarded by this. Number of requests that still get the fault. */
    private int remaining;

    /**
     * A request that reached the proxy.
     *
     * @param host value of {@code Host}
     * @param range value of {@code Range}; null without one
     * @param authorization value of {@code Authorization}
     */
    public record RecordedRequest(String method, String host, String path, String range, String authorization) {}

    /**
     * A fault of some requests.
     *
     * @param methods methods of the requests; others are forwarded unchanged
     * @param status of the response without forwarding; 0 to forward
     * @param code error code in the response
     * @param bytes number of bytes of the forwarded response before the connection is closed; negative for all
     */
    public record Fault(Set<HttpMethod> methods, int status, String code, int bytes) {
        static final Fault NONE = new Fault(Set.of(), 0, "", -1);

        /** Rejects requests. */
        public static Fault reject(int status, String code, HttpMethod... methods) {
            return new Fault(Set.of(methods), status, code, -1);
        }

        /** Forwards requests, and closes the connection after some bytes of the body; with 0 before the response. */
        public static Fault cutResponse(int bytes, HttpMethod method) {
            return new Fault(Set.of(method), 0, "", bytes);
        }
    }

    /** Listens on a free port of the loopback address. */
    public S3FaultProxy(S3Server target) {
        this.target = target.port();
        server = vertx.createHttpServer()
                .requestHandler(this::handle)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.actualPort());
    }

    /** Injects a fault into the next {@code count} requests with its methods. */
    public synchronized void inject(Fault newFault, int count) {
        fault = newFault;
        remaining = count;
    }

    /** Forwards all requests again. */
    public void removeFault() {
        inject(Fault.NONE, 0);
    }

    /** Returns the requests with a method in order of arrival. */
    public List<RecordedRequest> requests(HttpMethod method) {
        return requests.stream()
                .filter(request -> request.method().equals(method.name()))
                .toList();
    }

    private synchronized Fault nextFault(HttpMethod method) {
        if (remaining == 0 || !fault.methods().contains(method)) {
            return Fault.NONE;
        }
        remaining--;
        return fault;
    }

    private void handle(HttpServerRequest request) {
        requests.add(new RecordedRequest(
                request.method().name(),
                request.authority().toString(),
                request.path(),
                request.getHeader("Range"),
                request.getHeader("Authorization")));
        Fault injected = nextFault(request.method());
        if (injected.status() > 0) {
            reject(request, injected.status(), injected.code());
        } else {
            forward(request, injected);
        }
    }

    private void reject(HttpServerRequest request, int status, String code) {
        request.handler(bytes -> {});
        request.end()
                .onSuccess(end -> request.response()
                        .setStatusCode(status)
                        .putHeader("Content-Type", "application/xml")
                        .putHeader("x-amz-request-id", "injected")
                        .end("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code + "</Code><Message>"
                                + code + "</Message></Error>"));
    }

    private void forward(HttpServerRequest request, Fault injected) {
        request.pause();
        client.request(new RequestOptions()
                        .setMethod(request.method())
                        .setHost("127.0.0.1")
                        .setPort(target)
                        .setURI(request.uri()))
                .compose(forwarded -> {
                    // Signatures contain the host of the proxy.
                    forwarded.headers().setAll(request.headers());
                    forwarded.putHeader("Host", request.authority().toString());
                    return forwarded.send(request);
                })
                .compose(response -> respond(request, response, injected.bytes()))
                .onFailure(failure -> request.connection().close());
    }

    private Future<Void> respond(HttpServerRequest request, HttpClientResponse response, int bytes) {
        if (bytes == 0) {
            return request.connection().close();
        }
        request.response().setStatusCode(response.statusCode()).headers().setAll(response.headers());
        if (bytes < 0) {
            return response.pipeTo(request.response());
        }
        Buffer body = Buffer.buffer();
        return response.handler(body::appendBuffer)
                .end()
                .compose(end -> request.response().write(body.getBuffer(0, Math.min(bytes, body.length()))))
                .compose(written -> request.connection().close());
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
