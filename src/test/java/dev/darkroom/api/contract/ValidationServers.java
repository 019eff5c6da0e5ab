package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.route.HttpRouter;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.validation.RequestValidator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** HTTP servers that validate requests and respond with 204 to valid ones. The methods block. */
final class ValidationServers implements AutoCloseable {
    static final int MAX_BODY_BYTES = 1_048_576;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Vertx vertx = Vertx.vertx();
    private final ApiContract apiContract = await(ContractLoader.load(vertx)).api();

    /** Starts a server with the validation of Darkroom and the real router; returns its port. */
    int startDarkroomValidation() {
        List<OperationHandler> handlers = apiContract.operationIds().stream()
                .map(ValidationServers::acceptingHandler)
                .toList();
        return listen(vertx.createHttpServer()
                .requestHandler(HttpRouter.create(
                        new ContractRouterFactory(
                                vertx,
                                apiContract,
                                handlers,
                                AuthServices.withoutAuthentication(),
                                HostAndOriginPolicy.unrestricted(List.of()),
                                new RequestBodyLimits(MAX_BODY_BYTES, Duration.ofSeconds(30))),
                        List.of(),
                        HostAndOriginPolicy.unrestricted(List.of()),
                        ErrorRenderers.PROBLEM_DOCUMENTS,
                        new RequestSpans(Tracing.OFF))));
    }

    /** Starts a server with the unchanged validation of the OpenAPI library; returns its port. */
    int startLibraryValidation() {
        RequestValidator validator = RequestValidator.create(vertx, apiContract.openApi());
        return listen(vertx.createHttpServer()
                .requestHandler(request -> validator
                        .validate(request)
                        .onSuccess(
                                valid -> request.response().setStatusCode(204).end())
                        .onFailure(failure ->
                                request.response().setStatusCode(400).end(String.valueOf(failure.getMessage())))));
    }

    /** Blocks every thread of the shared worker pool until the result is closed. */
    AutoCloseable blockWorkerPool() {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(VertxOptions.DEFAULT_WORKER_POOL_SIZE);
        for (int i = 0; i < VertxOptions.DEFAULT_WORKER_POOL_SIZE; i++) {
            vertx.executeBlocking(
                    () -> {
                        busy.countDown();
                        return release.await(60, TimeUnit.SECONDS);
                    },
                    false);
        }
        try {
            assertThat(busy.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return release::countDown;
    }

    HttpResponse<String> post(int port, String contentType, byte[] body) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/generation"))
                .header("Content-Type", contentType)
                .POST(BodyPublishers.ofByteArray(body))
                .build());
    }

    HttpResponse<String> get(int port, String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .build());
    }

    HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Returns the errors of a problem document as pointer, space, detail. */
    static List<String> errorsOf(HttpResponse<String> response) {
        JsonArray errors = new JsonObject(response.body()).getJsonArray("errors");
        return errors.stream()
                .map(JsonObject.class::cast)
                .map(error -> error.getString("pointer") + " " + error.getString("detail"))
                .toList();
    }

    private static OperationHandler acceptingHandler(String operationId) {
        return new OperationHandler() {
            @Override
            public String operationId() {
                return operationId;
            }

            @Override
            public void handle(OperationContext operationContext) {
                operationContext.response().setStatusCode(204).end();
            }
        };
    }

    private static int listen(HttpServer server) {
        return await(server.listen(0, "127.0.0.1")).actualPort();
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        await(vertx.close());
    }
}
