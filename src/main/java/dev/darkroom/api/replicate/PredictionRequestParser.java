package dev.darkroom.api.replicate;

import dev.darkroom.api.generation.ModelParameters;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.problem.Problem.ValidationError;
import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.RequestWebhook;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Parses requests for predictions. The contract has already checked the types of the described members. Members of {@code input} that are
 * no fields of a generation become parameters of the model; those that the model does not have are rejected. Pure functions.
 */
final class PredictionRequestParser {
    /** Members of {@code input} that are no parameters of the model, with the fields of a generation. */
    static final Map<String, String> FIELDS = Map.of(
            "prompt", "prompt",
            "negative_prompt", "negativePrompt",
            "width", "width",
            "height", "height",
            "num_outputs", "count",
            "seed", "seed");

    /** The only event that has a webhook request. */
    private static final JsonArray EVENTS = JsonArray.of("completed");

    private PredictionRequestParser() {}

    /**
     * Parses a request.
     *
     * @param model name of the model
     * @return the generation without its input images
     * @throws Problem when the model is unknown, or does not have a member of {@code input}
     */
    static GenerationSpec parse(String model, JsonObject request, ModelList models) {
        ModelParameters known = ModelParameters.of(findModel(model, models));
        JsonObject input = request.getJsonObject("input");
        JsonObject parameters = new JsonObject();
        List<ValidationError> errors = new ArrayList<>();
        input.forEach(member -> {
            String name = member.getKey();
            if (FIELDS.containsKey(name) || InlineImages.MEMBERS.contains(name) || member.getValue() == null) {
                return;
            }
            if (known.have(name)) {
                parameters.put(name, member.getValue());
            } else {
                errors.add(new ValidationError("#/input/" + name, "is no input of the model " + model));
            }
        });
        if (input.getString(InlineImages.MASK) != null && input.getString(InlineImages.IMAGE) == null) {
            errors.add(new ValidationError("#/input/" + InlineImages.MASK, "must not be present without image"));
        }
        JsonArray events = request.getJsonArray("webhook_events_filter");
        if (events != null && !events.equals(EVENTS)) {
            errors.add(new ValidationError("#/webhook_events_filter", "must be absent or [\"completed\"]"));
        }
        if (!errors.isEmpty()) {
            throw Problem.invalid(errors);
        }
        String webhook = request.getString("webhook");
        return new GenerationSpec(
                input.getString("prompt"),
                input.getString("negative_prompt"),
                input.getInteger("width"),
                input.getInteger("height"),
                input.getInteger("num_outputs"),
                input.getLong("seed"),
                model,
                null,
                parameters.isEmpty() ? null : parameters,
                InputImages.NONE,
                null,
                webhook == null ? null : new RequestWebhook(webhook, RequestWebhook.PREDICTION));
    }

    /** @throws Problem when no model has the name */
    static ModelLimits findModel(String name, ModelList models) {
        return models.models().stream()
                .filter(model -> name.equals(model.name()))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("The model " + name + " does not exist."));
    }
}
