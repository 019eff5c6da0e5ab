package dev.darkroom.backend.example;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;

/** Client of an AI server that returns one image as the response to {@code POST {base}/render}. Thread-safe. */
public final class ExampleBackend extends HttpImageBackend {

    /**
     * @param base base URL of the AI server
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public ExampleBackend(
            Vertx vertx, BackendSettings settings, URI base, ResponseMemoryBudget memoryBudget, int maxHeaderBytes) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, base, memoryBudget, maxHeaderBytes, BackendHttpClient::bearerToken));
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        JsonObject body = new JsonObject()
                .put("prompt", request.prompt())
                .put("width", request.width())
                .put("height", request.height())
                .put("seed", request.seed());
        return http.run(
                request.key(),
                backendCall,
                scope -> http.send(scope, HttpMethod.POST, http.target("/render"), headers(scope), body.toBuffer())
                        .compose(
                                response -> http.onWorker(() -> http.responses().requireBody(response)))
                        .compose(response ->
                                http.images().load(scope, List.of(new ImageSource.Inline(response.body())))));
    }

    private MultiMap headers(BackendCallScope scope) {
        return http.headers(scope).set(HttpHeaders.ACCEPT, "image/*").add(HttpHeaders.CONTENT_TYPE, "application/json");
    }
}
