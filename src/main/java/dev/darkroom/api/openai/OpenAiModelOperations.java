package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.generation.GenerationClient;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Operations that read the models in the form of the OpenAI API. */
record OpenAiModelOperations(GenerationClient generations, OpenAiImageResponder responder) {

    List<OperationHandler> handlers() {
        return List.of(new ListModels(this), new GetModel(this));
    }

    /** {@code GET /v1/models}. */
    private record ListModels(OpenAiModelOperations operations) implements OperationHandler {
        @Override
        public String operationId() {
            return "getOpenAiModels";
        }

        @Override
        public void handle(OperationContext operationContext) {
            operations
                    .models(operationContext)
                    .onSuccess(models -> {
                        JsonArray data = new JsonArray();
                        models.names().forEach(name -> data.add(toJson(name)));
                        operationContext.sendJson(
                                200, new JsonObject().put("object", "list").put("data", data));
                    })
                    .onFailure(operationContext::fail);
        }
    }

    /** {@code GET /v1/models/{model}}. */
    private record GetModel(OpenAiModelOperations operations) implements OperationHandler {
        @Override
        public String operationId() {
            return "getOpenAiModel";
        }

        @Override
        public void handle(OperationContext operationContext) {
            String requested = operationContext.parameter("model");
            operations
                    .models(operationContext)
                    .map(models -> models.get(requested))
                    .onSuccess(model -> operationContext.sendJson(200, toJson(requested)))
                    .onFailure(failure -> operations.responder().fail(operationContext, failure));
        }
    }

    private Future<OpenAiModels> models(OperationContext operationContext) {
        return generations.getModels(operationContext).map(OpenAiModels::new);
    }

    private static JsonObject toJson(String name) {
        return new JsonObject()
                .put("id", name)
                .put("object", "model")
                .put("created", 0)
                .put("owned_by", "darkroom");
    }
}
