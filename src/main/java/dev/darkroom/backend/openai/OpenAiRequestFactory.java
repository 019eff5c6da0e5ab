package dev.darkroom.backend.openai;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendSettings.RequestField;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Builds the body of {@code POST /images/generations}. */
final class OpenAiRequestFactory {

    /** Fields that not every AI server supports and that are not needed for an image. */
    static final Set<RequestField> EXTENSIONS =
            Collections.unmodifiableSet(EnumSet.of(RequestField.SEED, RequestField.RESPONSE_FORMAT));

    private static final Pattern GPT_IMAGE = Pattern.compile("(^|[/:.@])(chat)?gpt-image", Pattern.CASE_INSENSITIVE);
    private static final Pattern DALL_E = Pattern.compile("(^|[/:.@])dall-e", Pattern.CASE_INSENSITIVE);

    /** Error messages for unknown fields of OpenAI, Azure, LiteLLM, FastAPI, and Python and Go servers. */
    private static final Pattern UNKNOWN_FIELD = Pattern.compile(
            "(unknown|unsupported|unrecognized|unexpected|invalid|extra)[ _](request )?"
                    + "(parameter|argument|field|input|key|propert|forbidden)|additional propert|not permitted"
                    + "|UnsupportedParamsError",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern EXTENSION_FIELD = Pattern.compile("\\b(seed|response_format)\\b");

    /** Fields that Darkroom writes or that change the form of the response. */
    static final Set<String> RESERVED = Set.of(
            "model",
            "prompt",
            "negative_prompt",
            "n",
            "size",
            "seed",
            "response_format",
            "stream",
            "partial_images",
            "image",
            "image[]",
            "mask");

    private OpenAiRequestFactory() {}

    /** Returns true when a response rejects {@code seed} or {@code response_format} as an unknown field. */
    static boolean rejectsExtensions(OutboundResponse outboundResponse) {
        if (outboundResponse.status() != 400 && outboundResponse.status() != 422) {
            return false;
        }
        String body = outboundResponse.bodyPrefix().toString();
        return UNKNOWN_FIELD.matcher(body).find()
                && EXTENSION_FIELD.matcher(body).find();
    }

    /**
     * Builds the JSON body.
     *
     * @param fields the optional fields to include
     */
    static JsonObject createBody(
            ImageRequest request, BackendSettings.PromptSanitizing controls, Set<RequestField> fields) {
        UnaryOperator<String> sanitizer =
                controls == BackendSettings.PromptSanitizing.PASS ? prompt -> prompt : PromptSanitizer::sanitize;
        JsonObject body = request.copyParameters();
        if (request.model() != null && !request.model().isEmpty()) {
            body.put("model", request.model());
        }
        body.put("prompt", sanitizer.apply(request.prompt()));
        if (request.negativePrompt() != null && fields.contains(RequestField.NEGATIVE_PROMPT)) {
            body.put("negative_prompt", sanitizer.apply(request.negativePrompt()));
        }
        if (fields.contains(RequestField.N)) {
            body.put("n", request.count());
        }
        if (fields.contains(RequestField.SIZE)) {
            body.put("size", request.width() + "x" + request.height());
        }
        if (fields.contains(RequestField.SEED)) {
            body.put("seed", request.seed());
        }
        if (fields.contains(RequestField.RESPONSE_FORMAT)) {
            body.put("response_format", "b64_json");
        }
        return body;
    }

    /** Returns whether the name is that of a model of OpenAI. */
    static boolean isOpenAiModel(String model) {
        return model != null
                && (GPT_IMAGE.matcher(model).find() || DALL_E.matcher(model).find());
    }

    /**
     * Returns the optional fields for a model, as a modifiable set. OpenAI's own models reject unknown fields. Every
     * generation has a seed, mostly chosen by Darkroom, so sending it would fail every request. A negative prompt is sent
     * nevertheless, since a rejection is better than silently dropping it. Models named gpt-image always return base64 and
     * reject {@code response_format}.
     *
     * @param model with or without the provider prefix of a gateway; may be null
     */
    static Set<RequestField> optionalFields(String model) {
        Set<RequestField> fields = EnumSet.allOf(RequestField.class);
        if (model != null && GPT_IMAGE.matcher(model).find()) {
            fields.removeAll(EXTENSIONS);
        } else if (model != null && DALL_E.matcher(model).find()) {
            fields.remove(RequestField.SEED);
        }
        return fields;
    }
}
