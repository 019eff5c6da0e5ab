package dev.darkroom.api;

import io.vertx.core.http.HttpHeaders;

/** {@code POST /api/generation}. */
final class CreateGeneration implements OperationHandler {
    private final GenerationClient generations;
    private final GenerationPresenter presenter;

    CreateGeneration(GenerationClient generations, GenerationPresenter presenter) {
        this.generations = generations;
        this.presenter = presenter;
    }

    @Override
    public String operationId() {
        return "createGeneration";
    }

    @Override
    public void handle(Exchange exchange) {
        generations
                .create(exchange)
                .onSuccess(generation -> {
                    exchange.response()
                            .putHeader(HttpHeaders.LOCATION, "/api/generation/" + generation.getString("id"))
                            .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(presenter.retryAfter(generation)));
                    exchange.sendJson(202, presenter.present(generation));
                })
                .onFailure(exchange::fail);
    }
}
