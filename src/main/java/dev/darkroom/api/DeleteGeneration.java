package dev.darkroom.api;

/** {@code DELETE /api/generation/{generationId}}. */
final class DeleteGeneration implements OperationHandler {
    private final GenerationClient generations;

    DeleteGeneration(GenerationClient generations) {
        this.generations = generations;
    }

    @Override
    public String operationId() {
        return "deleteGeneration";
    }

    @Override
    public void handle(Exchange exchange) {
        generations
                .delete(exchange, exchange.parameter("generationId"))
                .onSuccess(deleted -> exchange.response().setStatusCode(204).end())
                .onFailure(exchange::fail);
    }
}
