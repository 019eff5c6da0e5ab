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
        return List.of(
                new OpenAiJsonOperation("getOpenAiModels", 200, responder, this::list),
                new OpenAiJsonOperation("getOpenAiModel", 200, responder, this::get));
    }

    private Future<JsonObject> list(OperationContext operationContext) {
        return models(operationContext).map(models -> {
            JsonArray data = new JsonArray();
            models.names().forEach(name -> data.add(toJson(name)));
            return new JsonObject().put("object", "list").put("data", data);
        });
    }

    private Future<JsonObject> get(OperationContext operationContext) {
        String name = operationContext.parameter("model");
        return models(operationContext).map(models -> {
            models.get(name);
            return toJson(name);
        });
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
