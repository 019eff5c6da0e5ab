package dev.darkroom.generation.json;

import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** Writes models and their limits as JSON, in the form of HTTP and the event bus. */
public final class ModelJson {
    private ModelJson() {}

    public static JsonObject toJson(ModelList list) {
        JsonArray models = new JsonArray();
        list.models().stream().filter(model -> model.name() != null).forEach(model -> models.add(toJson(model)));
        return new JsonObject().put("models", models);
    }

    private static JsonObject toJson(ModelLimits model) {
        JsonObject json = new JsonObject()
                .put("name", model.name())
                .put("default", model.isDefault())
                .put("maxPromptLength", model.limits().maxPromptLength())
                .put("width", toJson(model.limits().width()))
                .put("height", toJson(model.limits().height()))
                .put("count", toJson(model.limits().count()))
                .put("negativePrompt", model.limits().negativePrompt())
                .put("inputImages", toJson(model.limits().inputs().images()))
                .put("mask", toJson(model.limits().inputs().masks()))
                .put("imageFormats", new JsonArray(model.imageFormats()));
        if (!model.limits().sizes().isEmpty()) {
            json.put(
                    "sizes",
                    new JsonArray(model.limits()
                            .allowedSizes()
                            .map(ImageSize::toString)
                            .toList()));
        }
        if (model.limits().seed() != null) {
            json.put("seed", toJson(model.limits().seed()));
        }
        return model.parametersSchema() == null ? json : json.put("parameters", model.parametersSchema());
    }

    private static JsonObject toJson(NumberRange range) {
        JsonObject json = new JsonObject().put("minimum", range.minimum()).put("maximum", range.maximum());
        return range.values() == null ? json : json.put("values", new JsonArray(range.values()));
    }
}
