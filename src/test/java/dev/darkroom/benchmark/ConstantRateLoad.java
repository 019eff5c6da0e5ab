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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/** Sends requests at a steady rate, whatever the answers do: who is slow is asked all the same. */
final class ConstantRateLoad {
    private static final int MAX_IN_FLIGHT = 2_000;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final IntFunction<HttpRequest> requests;

    /** An answer that is no success ends the benchmark. */
    ConstantRateLoad(IntFunction<HttpRequest> requests) {
        this.requests = requests;
    }

    /** A request with a body of JSON. */
    static HttpRequest post(int port, String path, String json, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json));
        return headers.length == 0 ? request.build() : request.headers(headers).build();
    }

    /** Sends requests 0, 1, 2 … for so long and waits for the answers; how many there were. */
    int send(int aSecond, Duration time) throws InterruptedException, IOException {
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        Semaphore unanswered = new Semaphore(MAX_IN_FLIGHT);
        int count = (int) (aSecond * time.toMillis() / 1_000);
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long wait = start + i * (TimeUnit.SECONDS.toNanos(1) / aSecond) - System.nanoTime();
            if (wait > 0) {
                TimeUnit.NANOSECONDS.sleep(wait);
            }
            unanswered.acquire();
            HttpRequest request = requests.apply(i);
            http.sendAsync(request, BodyHandlers.ofString()).whenComplete((answer, error) -> {
                unanswered.release();
                Throwable problem = error == null ? failureOf(answer) : error;
                wrong.compareAndSet(null, problem);
            });
        }
        unanswered.acquire(MAX_IN_FLIGHT);
        if (wrong.get() != null) {
            throw new IOException(wrong.get());
        }
        return count;
    }

    private static Throwable failureOf(HttpResponse<String> answer) {
        return answer.statusCode() / 100 == 2
                ? null
                : new IllegalStateException("answered " + answer.statusCode() + " " + answer.body());
    }
}
