package dev.darkroom.generation;

import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.StorableText;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Request for a generation, with all defaults resolved. Immutable.
 *
 * @param prompt never null
 * @param negativePrompt null when there is none
 * @param width in pixels
 * @param height in pixels
 * @param count number of images
 * @param seed 0 to 2^31-1
 * @param model null leaves the choice to the AI server
 * @param metadata string pairs of the client, null when there are none
 * @param priority orders the generations of one user; a smaller value goes first
 */
public record GenerationRequest(
        String prompt,
        String negativePrompt,
        int width,
        int height,
        int count,
        long seed,
        String model,
        JsonObject metadata,
        int priority) {

    /** Route of every request: any backend of any node may run its attempts. */
    public static final String DEFAULT_ROUTE = "default";

    /** Largest seed that all AI servers accept: a positive 32-bit integer. */
    public static final long MAX_SEED = Integer.MAX_VALUE;

    /** Field with the URL of a webhook for the end of the generation. Not part of this record and not stored with the generation. */
    public static final String WEBHOOK_URL = "webhookUrl";

    private static final int MIN_SIDE = 64;
    private static final int MAX_PRIORITY = 10;
    private static final int MAX_METADATA_ENTRIES = 16;
    private static final int MAX_METADATA_KEY_LENGTH = 64;
    private static final int MAX_METADATA_VALUE_LENGTH = 512;
    /** Grapheme joiner, Hangul fillers, Khmer inherent vowels, the braille pattern without dots. */
    private static final Set<Integer> INVISIBLE =
            Set.of(0x034f, 0x115f, 0x1160, 0x3164, 0xffa0, 0x17b4, 0x17b5, 0x2800);

    private static final Set<String> FIELDS = Set.of(
            "prompt",
            "negativePrompt",
            "width",
            "height",
            "count",
            "seed",
            "model",
            "metadata",
            "priority",
            WEBHOOK_URL);

    /**
     * Validates a request in JSON. Over HTTP the OpenAPI contract has already rejected most errors. Commands of event-bus integrations are
     * validated only here, and so are the tighter limits of the operator.
     *
     * @param model the only model that a request may name, null when it may name none
     * @return empty when the request is valid
     */
    public static List<FieldError> validate(JsonObject json, Settings.Generation limits, String model) {
        List<FieldError> errors = new ArrayList<>();
        for (String field : json.fieldNames()) {
            if (!FIELDS.contains(field)) {
                // The client chooses the name, so characters with a meaning in a JSON pointer are escaped.
                String pointer = JsonPointer.create().append(field).toURI().toString();
                errors.add(new FieldError(pointer, "is not a known field"));
            }
        }
        checkText(json, "prompt", true, limits.maxPromptLength(), errors);
        checkText(json, "negativePrompt", false, limits.maxPromptLength(), errors);
        checkNumber(json, "width", MIN_SIDE, limits.maxSide(), errors);
        checkNumber(json, "height", MIN_SIDE, limits.maxSide(), errors);
        checkNumber(json, "count", 1, limits.maxCount(), errors);
        checkNumber(json, "seed", 0, MAX_SEED, errors);
        checkNumber(json, "priority", -MAX_PRIORITY, MAX_PRIORITY, errors);
        checkModel(json, model, errors);
        checkMetadata(json, errors);
        if (json.containsKey(WEBHOOK_URL) && !(json.getValue(WEBHOOK_URL) instanceof String)) {
            errors.add(new FieldError("#/" + WEBHOOK_URL, "must be a string"));
        } else if (json.getValue(WEBHOOK_URL) instanceof String url && !StorableText.isStorable(url)) {
            errors.add(new FieldError("#/" + WEBHOOK_URL, "must be well-formed text without NUL"));
        }
        return errors;
    }

    /**
     * Applies the defaults to a valid request.
     *
     * @param seed used when the request names none
     */
    public static GenerationRequest resolve(JsonObject json, Settings.Generation defaults, String model, long seed) {
        return new GenerationRequest(
                json.getString("prompt"),
                json.getString("negativePrompt"),
                json.getInteger("width", defaults.defaultWidth()),
                json.getInteger("height", defaults.defaultHeight()),
                json.getInteger("count", defaults.defaultCount()),
                json.getLong("seed", seed),
                model,
                json.getJsonObject("metadata"),
                json.getInteger("priority", 0));
    }

    private static void checkText(
            JsonObject json, String field, boolean required, int maxLength, List<FieldError> errors) {
        if (!json.containsKey(field)) {
            if (required) {
                errors.add(new FieldError("#/" + field, "is required"));
            }
            return;
        }
        if (!(json.getValue(field) instanceof String text)) {
            errors.add(new FieldError("#/" + field, "must be a string"));
        } else if (text.isBlank()) {
            errors.add(new FieldError("#/" + field, "must not be blank"));
        } else if (text.codePoints().noneMatch(GenerationRequest::isVisible)) {
            errors.add(new FieldError("#/" + field, "must have a visible character"));
        } else if (length(text) > maxLength) {
            errors.add(new FieldError("#/" + field, "must be at most " + maxLength + " characters long"));
        } else if (!StorableText.isStorable(text)) {
            errors.add(new FieldError("#/" + field, "must be well-formed text without NUL"));
        }
    }

    private static void checkNumber(JsonObject json, String field, long min, long max, List<FieldError> errors) {
        if (!json.containsKey(field)) {
            return;
        }
        if (!(json.getValue(field) instanceof Number number) || number.doubleValue() % 1 != 0) {
            errors.add(new FieldError("#/" + field, "must be an integer"));
        } else if (number.doubleValue() < min || number.doubleValue() > max) {
            errors.add(new FieldError("#/" + field, "must be between " + min + " and " + max));
        }
    }

    private static void checkModel(JsonObject json, String model, List<FieldError> errors) {
        if (json.containsKey("model") && (model == null || !model.equals(json.getValue("model")))) {
            String expected = model == null ? "no model may be chosen here" : "only " + model + " is known";
            errors.add(new FieldError("#/model", "is not a known model; " + expected));
        }
    }

    private static void checkMetadata(JsonObject json, List<FieldError> errors) {
        if (!json.containsKey("metadata")) {
            return;
        }
        if (!(json.getValue("metadata") instanceof JsonObject pairs)) {
            errors.add(new FieldError("#/metadata", "must be an object"));
            return;
        }
        if (pairs.size() > MAX_METADATA_ENTRIES) {
            errors.add(new FieldError("#/metadata", "must have at most " + MAX_METADATA_ENTRIES + " entries"));
        }
        for (Map.Entry<String, Object> pair : pairs) {
            if (!(pair.getValue() instanceof String value)
                    || !StorableText.isStorable(value)
                    || !StorableText.isStorable(pair.getKey())) {
                errors.add(new FieldError("#/metadata", "must hold only well-formed strings without NUL"));
                return;
            }
            int keyLength = length(pair.getKey());
            if (keyLength == 0 || keyLength > MAX_METADATA_KEY_LENGTH || length(value) > MAX_METADATA_VALUE_LENGTH) {
                errors.add(new FieldError(
                        "#/metadata",
                        "must have keys of 1 to " + MAX_METADATA_KEY_LENGTH + " and values of at most "
                                + MAX_METADATA_VALUE_LENGTH + " characters"));
                return;
            }
        }
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /**
     * Returns whether a character is visible: no white space, no control or format character, not ignorable by default in Unicode
     * (Default_Ignorable_Code_Point) and not blank by design.
     */
    private static boolean isVisible(int character) {
        return switch (Character.getType(character)) {
            case Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.CONTROL,
                    Character.FORMAT,
                    Character.UNASSIGNED,
                    Character.SURROGATE -> false;
            default -> !INVISIBLE.contains(character) && !isVariationSelector(character);
        };
    }

    private static boolean isVariationSelector(int character) {
        return (character >= 0xfe00 && character <= 0xfe0f)
                || (character >= 0xe0100 && character <= 0xe01ef)
                || (character >= 0x180b && character <= 0x180f);
    }
}
