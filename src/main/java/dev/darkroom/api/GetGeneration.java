package dev.darkroom.api;

import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.http.HttpHeaders;

/** {@code GET /api/generation/{generationId}}. */
final class GetGeneration implements OperationHandler {
    private final GenerationClient generations;
    private final GenerationPresenter presenter;

    GetGeneration(GenerationClient generations, GenerationPresenter presenter) {
        this.generations = generations;
        this.presenter = presenter;
    }

    @Override
    public String operationId() {
        return "getGeneration";
    }

    @Override
    public void handle(Exchange exchange) {
        generations
                .get(exchange, exchange.pathParameter("generationId"))
                .onSuccess(generation -> {
                    if (generation.getString("status").equals(GenerationStatus.PENDING.name())) {
                        exchange.response()
                                .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(presenter.retryAfter(generation)));
                    }
                    exchange.sendJson(200, presenter.present(generation));
                })
                .onFailure(exchange::fail);
    }
}
