package dev.darkroom.benchmark;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/** Open-loop HTTP load: sends requests at a constant rate, independent of the responses. */
final class ConstantRateLoad {
    private static final int MAX_IN_FLIGHT = 2_000;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final IntFunction<HttpRequest> requests;
    private final boolean mayReject;
    private final AtomicInteger rejected = new AtomicInteger();

    /** A response without a success status ends the benchmark. */
    ConstantRateLoad(IntFunction<HttpRequest> requests) {
        this(requests, false);
    }

    /** @param mayReject count responses with status 503 instead of ending the benchmark */
    ConstantRateLoad(IntFunction<HttpRequest> requests, boolean mayReject) {
        this.requests = requests;
        this.mayReject = mayReject;
    }

    /** Returns the number of responses with status 503 so far. */
    int rejected() {
        return rejected.get();
    }

    /** Creates a POST request with a JSON body. */
    static HttpRequest post(int port, String path, String json, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json));
        return headers.length == 0 ? request.build() : request.headers(headers).build();
    }

    /** Sends requests 0, 1, 2 … for {@code time} and waits for the responses. Returns the number of requests. */
    int send(int perSecond, Duration time) throws InterruptedException, IOException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Semaphore inFlight = new Semaphore(MAX_IN_FLIGHT);
        int count = (int) (perSecond * time.toMillis() / 1_000);
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long wait = start + i * (TimeUnit.SECONDS.toNanos(1) / perSecond) - System.nanoTime();
            if (wait > 0) {
                TimeUnit.NANOSECONDS.sleep(wait);
            }
            inFlight.acquire();
            HttpRequest request = requests.apply(i);
            http.sendAsync(request, BodyHandlers.ofString()).whenComplete((response, error) -> {
                inFlight.release();
                failure.compareAndSet(null, error == null ? failureOf(response) : error);
            });
        }
        inFlight.acquire(MAX_IN_FLIGHT);
        if (failure.get() != null) {
            throw new IOException(failure.get());
        }
        return count;
    }

    private Throwable failureOf(HttpResponse<String> response) {
        if (mayReject && response.statusCode() == 503) {
            rejected.incrementAndGet();
            return null;
        }
        return response.statusCode() / 100 == 2
                ? null
                : new IllegalStateException("got status " + response.statusCode() + " " + response.body());
    }
}
