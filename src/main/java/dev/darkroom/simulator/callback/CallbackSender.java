package dev.darkroom.simulator.callback;

import dev.darkroom.simulator.http.SimulatorRequestLog;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Posts results. Repeats a failed post, as a server with this protocol has to. Used on one event loop. */
record CallbackSender(Vertx vertx, HttpClient client) {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackSender.class);
    private static final int MAX_ATTEMPTS = 60;
    private static final Duration RETRY_DELAY = Duration.ofMillis(500);

    /**
     * Posts a result after a delay.
     *
     * @param report creates the body
     * @param entry gets the status of the response
     */
    void sendAfter(
            Duration delay, String url, Supplier<Future<Buffer>> report, SimulatorRequestLog.LoggedSubmission entry) {
        vertx.setTimer(
                Math.max(1, delay.toMillis()), fired -> report.get().onSuccess(body -> send(url, body, entry, 1)));
    }

    private void send(String url, Buffer body, SimulatorRequestLog.LoggedSubmission entry, int attempt) {
        client.request(new RequestOptions().setMethod(HttpMethod.POST).setAbsoluteURI(url))
                .compose(request -> post(request, body))
                .onComplete(status -> {
                    entry.setCallback(status.succeeded() ? status.result() : null);
                    boolean repeat = status.failed() || status.result() == 429 || status.result() >= 500;
                    if (repeat && attempt < MAX_ATTEMPTS) {
                        vertx.setTimer(RETRY_DELAY.toMillis(), fired -> send(url, body, entry, attempt + 1));
                    } else {
                        LOG.atDebug().addKeyValue("status", status.result()).log("callback sent");
                    }
                });
    }

    private static Future<Integer> post(HttpClientRequest request, Buffer body) {
        return request.putHeader("Content-Type", "application/json").send(body).compose(CallbackSender::readStatus);
    }

    private static Future<Integer> readStatus(HttpClientResponse response) {
        return response.end().map(response.statusCode());
    }
}
