package dev.darkroom.api.openai;

import dev.darkroom.api.generation.ModelParameters;
import dev.darkroom.api.openai.OpenAiImageRequest.ResponseFormat;
import dev.darkroom.api.openai.error.OpenAiError;
import dev.darkroom.api.openai.error.OpenAiRequestException;
import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.GenerationSpec;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses requests of the OpenAI API for images. The contract has already checked the types of the described members. Members that are no
 * fields of a generation become parameters of the model; those that the model does not have are rejected, unless the value is the default.
 * Pure functions.
 */
final class OpenAiImageRequestParser {
    private static final String AUTO = "auto";
    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,5})x([1-9][0-9]{0,5})");

    /** Members that are not parameters of the model. */
    private static final Set<String> FIELDS = Set.of(
            "prompt",
            "model",
            "n",
            "size",
            "response_format",
            "stream",
            "partial_images",
            "user",
            "seed",
            "negative_prompt");

    /** Members of the OpenAI API that may be parameters of the model. */
    private static final Set<String> OPENAI_PARAMETERS = Set.of(
            "quality", "background", "moderation", "style", "output_format", "output_compression", "input_fidelity");

    private OpenAiImageRequestParser() {}

    /**
     * @param body a JSON object that the contract allows
     * @throws OpenAiRequestException when the model is unknown, or does not have a parameter
     */
    static OpenAiImageRequest parse(JsonObject body, ModelList models) {
        return parse(body, InputImages.NONE, false, models);
    }

    /**
     * As {@link #parse(JsonObject, ModelList)}, for images to change.
     *
     * @param form whether the members that the contract does not describe are texts of a form
     */
    static OpenAiImageRequest parse(JsonObject body, InputImages inputs, boolean form, ModelList models) {
        JsonObject request = withoutNulls(body);
        String modelName = request.getString("model");
        ModelLimits model = new OpenAiModels(models).get(modelName);
        Size size = parseSize(request.getString("size", AUTO));
        boolean stream = request.getBoolean("stream", false);
        ResponseFormat format =
                "url".equals(request.getString("response_format")) ? ResponseFormat.URL : ResponseFormat.B64_JSON;
        if (stream && format == ResponseFormat.URL) {
            throw OpenAiRequestException.invalidValue(
                    "response_format", "a stream has the images themselves: must be b64_json or absent");
        }
        if (!stream && request.getInteger("partial_images", 0) > 0) {
            throw OpenAiRequestException.invalidValue("partial_images", "must be 0 or absent without stream");
        }
        requireSupport(request, "seed", model.limits().seed() != null, model);
        requireSupport(request, "negative_prompt", model.limits().negativePrompt(), model);
        String user = request.getString("user");
        GenerationSpec spec = new GenerationSpec(
                request.getString("prompt"),
                request.getString("negative_prompt"),
                size.width(),
                size.height(),
                request.getInteger("n", 1),
                request.getLong("seed"),
                modelName == null ? null : model.name(),
                user == null ? null : Map.of("user", user),
                parseParameters(request, form, model),
                inputs,
                null,
                null);
        return new OpenAiImageRequest(spec, format, stream);
    }

    private static JsonObject withoutNulls(JsonObject body) {
        Map<String, Object> present = new LinkedHashMap<>(body.getMap());
        present.values().removeIf(Objects::isNull);
        return new JsonObject(present);
    }

    /** Width and height in pixels; null for the default. */
    private record Size(Integer width, Integer height) {}

    private static Size parseSize(String size) {
        if (size.equals(AUTO)) {
            return new Size(null, null);
        }
        Matcher sides = SIZE.matcher(size);
        if (!sides.matches()) {
            throw OpenAiRequestException.invalidValue(
                    "size", "must be auto, or width and height in pixels such as 1024x1024");
        }
        return new Size(Integer.valueOf(sides.group(1)), Integer.valueOf(sides.group(2)));
    }

    private static void requireSupport(JsonObject request, String name, boolean supported, ModelLimits model) {
        if (request.containsKey(name) && !supported) {
            throw new OpenAiRequestException(unsupportedParameter(name, model));
        }
    }

    private static JsonObject parseParameters(JsonObject request, boolean form, ModelLimits model) {
        ModelParameters known = ModelParameters.of(model);
        JsonObject parameters = new JsonObject();
        request.forEach(member -> {
            String name = member.getKey();
            Object value = member.getValue();
            if (FIELDS.contains(name) || (OPENAI_PARAMETERS.contains(name) && AUTO.equals(value))) {
                return;
            }
            if (known.have(name)) {
                parameters.put(name, form && value instanceof String text ? known.parse(name, text) : value);
            } else if (!isDefault(name, value, model)) {
                throw new OpenAiRequestException(unknownParameter(name, model));
            }
        });
        return parameters.isEmpty() ? null : parameters;
    }

    /** Returns whether a value has no effect, so that a model without the parameter complies with it. */
    private static boolean isDefault(String name, Object value, ModelLimits model) {
        return switch (name) {
            // Clients written for DALL-E send it always.
            case "quality" -> value.equals("standard");
            case "output_format" ->
                model.imageFormats().size() == 1 && model.imageFormats().get(0).equals("image/" + value);
            case "output_compression" -> value.equals(100);
            default -> false;
        };
    }

    private static OpenAiError unknownParameter(String name, ModelLimits model) {
        return OPENAI_PARAMETERS.contains(name)
                ? unsupportedParameter(name, model)
                : OpenAiError.invalid("unknown_parameter", name, "Unknown parameter: '" + name + "'.");
    }

    private static OpenAiError unsupportedParameter(String name, ModelLimits model) {
        return OpenAiError.invalid(
                "unsupported_parameter",
                name,
                "The model" + (model.name() == null ? "" : " '" + model.name() + "'")
                        + " does not support the parameter '" + name + "'.");
    }
}
