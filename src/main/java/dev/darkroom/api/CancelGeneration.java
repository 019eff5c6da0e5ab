package dev.darkroom.api;

/** {@code POST /api/generation/{generationId}/cancel}. */
final class CancelGeneration implements OperationHandler {
    private final GenerationClient generations;
    private final GenerationAnswer answer;

    CancelGeneration(GenerationClient generations, GenerationAnswer answer) {
        this.generations = generations;
        this.answer = answer;
    }

    @Override
    public String operationId() {
        return "cancelGeneration";
    }

    @Override
    public void handle(Exchange exchange) {
        generations
                .cancel(exchange, exchange.parameter("generationId"))
                .compose(generation -> answer.send(exchange, 200, generation))
                .onFailure(exchange::fail);
    }
}
