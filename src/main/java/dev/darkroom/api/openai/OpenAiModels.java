package dev.darkroom.api.openai;

import dev.darkroom.api.openai.error.OpenAiError;
import dev.darkroom.api.openai.error.OpenAiRequestException;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import java.util.List;
import java.util.Objects;

/** Names of the models in the OpenAI API, where many clients need one. Immutable. */
record OpenAiModels(ModelList list) {
    /** Name of the only model when the settings name none. */
    static final String UNNAMED = "default";

    /** Returns the names that calls may use, in order. */
    List<String> names() {
        return list.models().stream().map(OpenAiModels::nameOf).toList();
    }

    /**
     * Returns the model of a call.
     *
     * @param name null for a call without one
     * @throws OpenAiRequestException when no model has the name
     */
    ModelLimits get(String name) {
        return list.models().stream()
                .filter(model -> name == null ? model.isDefault() : name.equals(nameOf(model)))
                .findFirst()
                .orElseThrow(() -> new OpenAiRequestException(unknown(name)));
    }

    private OpenAiError unknown(String name) {
        return new OpenAiError(
                404,
                OpenAiError.INVALID_REQUEST,
                "model_not_found",
                "model",
                "The model '" + name + "' does not exist. Known are " + String.join(", ", names()) + ".",
                false);
    }

    private static String nameOf(ModelLimits model) {
        return Objects.requireNonNullElse(model.name(), UNNAMED);
    }
}
