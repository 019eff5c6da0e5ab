package dev.darkroom.api;

import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.function.Function;

/** {@code POST /api/generation}, and {@code POST /api/generation/{generationId}/retry}, which says what is wanted in another way. */
final class MakeGeneration implements OperationHandler {
    private final String operationId;
    private final Function<Exchange, Future<GenerationClient.Made>> make;
    private final GenerationClient generations;
    private final GenerationAnswer answer;
    private final Duration maxWait;

    private MakeGeneration(
            String operationId,
            Function<Exchange, Future<GenerationClient.Made>> make,
            GenerationClient generations,
            GenerationAnswer answer,
            Duration maxWait) {
        this.operationId = operationId;
        this.make = make;
        this.generations = generations;
        this.answer = answer;
        this.maxWait = maxWait;
    }

    static MakeGeneration create(GenerationClient generations, GenerationAnswer answer, Duration maxWait) {
        return new MakeGeneration("createGeneration", generations::create, generations, answer, maxWait);
    }

    static MakeGeneration retry(GenerationClient generations, GenerationAnswer answer, Duration maxWait) {
        return new MakeGeneration(
                "retryGeneration",
                exchange -> generations.retry(exchange, exchange.parameter("generationId")),
                generations,
                answer,
                maxWait);
    }

    @Override
    public String operationId() {
        return operationId;
    }

    @Override
    public void handle(Exchange exchange) {
        Duration wait = Preferences.wait(exchange.parameter(Preferences.HEADER), maxWait);
        make.apply(exchange)
                .compose(made -> ended(exchange, made.generation(), wait)
                        .compose(generation -> answer(exchange, generation, made.replayed(), wait)))
                .onFailure(exchange::fail);
    }

    private Future<JsonObject> ended(Exchange exchange, JsonObject made, Duration wait) {
        return wait == null || !GenerationAnswer.pending(made)
                ? Future.succeededFuture(made)
                : generations
                        .get(exchange, made.getString("id"), wait)
                        // It is accepted, whatever became of the waiting.
                        .otherwise(made);
    }

    private Future<Void> answer(Exchange exchange, JsonObject generation, boolean replayed, Duration wait) {
        HttpServerResponse response =
                exchange.response().putHeader(HttpHeaders.LOCATION, "/api/generation/" + generation.getString("id"));
        if (replayed) {
            response.putHeader("Idempotency-Replayed", "true");
        }
        if (wait != null) {
            response.putHeader(Preferences.APPLIED, Preferences.applied(wait));
        }
        return answer.send(exchange, GenerationAnswer.pending(generation) ? 202 : 200, generation);
    }
}
