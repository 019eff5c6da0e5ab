package dev.darkroom.generation;

import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.StorableText;
import dev.darkroom.generation.route.ModelCatalog;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Fields of a generation request as the client sent them. A null field was absent; {@link #resolve} applies the defaults. Immutable.
 *
 * @param metadata string pairs of the client
 * @param parameters further members for the AI server; must not be changed
 * @param inputs images that the generation is based on; never null
 * @param webhook for the end of the generation; not stored with it
 */
public record GenerationSpec(
        String prompt,
        String negativePrompt,
        Integer width,
        Integer height,
        Integer count,
        Long seed,
        String model,
        Map<String, String> metadata,
        JsonObject parameters,
        InputImages inputs,
        Integer priority,
        RequestWebhook webhook) {
    private static final NumberRange PRIORITIES = NumberRange.between(-10, 10);
    private static final int MAX_METADATA_ENTRIES = 16;
    private static final int MAX_METADATA_KEY_LENGTH = 64;
    private static final int MAX_METADATA_VALUE_LENGTH = 512;
    /** Grapheme joiner, Hangul fillers, Khmer inherent vowels, the braille pattern without dots. */
    private static final Set<Integer> INVISIBLE =
            Set.of(0x034f, 0x115f, 0x1160, 0x3164, 0xffa0, 0x17b4, 0x17b5, 0x2800);

    public GenerationSpec {
        metadata = metadata == null ? null : Collections.unmodifiableMap(metadata);
    }

    /** Returns the request of an earlier generation, for a retry. A model that is no longer known is replaced by the default. */
    public static GenerationSpec repeat(GenerationRequest request, ModelCatalog catalog) {
        Optional<ModelSettings> model = request.model() == null ? Optional.empty() : catalog.find(request.model());
        boolean seeded = catalog.limitsOf(model.orElse(catalog.models().get(0))).seed() != null;
        return new GenerationSpec(
                request.prompt(),
                request.negativePrompt(),
                request.width(),
                request.height(),
                request.count(),
                seeded ? request.seed() : null,
                model.isPresent() ? request.model() : null,
                request.metadata(),
                request.parameters(),
                request.inputs(),
                null,
                null);
    }

    /** Returns the same fields with other input images. */
    public GenerationSpec withInputs(InputImages images) {
        return new GenerationSpec(
                prompt,
                negativePrompt,
                width,
                height,
                count,
                seed,
                model,
                metadata,
                parameters,
                images,
                priority,
                webhook);
    }

    /**
     * Validates the values. Over HTTP the OpenAPI contract has already rejected most errors; the limits of the operator may be tighter.
     *
     * @return empty when the request is valid
     */
    public List<FieldError> validate(ModelCatalog catalog) {
        Optional<ModelSettings> found = catalog.find(model);
        ModelSettings effective = found.orElse(catalog.models().get(0));
        RequestLimits limits = catalog.limitsOf(effective);
        List<FieldError> errors = new ArrayList<>();
        if (prompt == null) {
            errors.add(new FieldError("#/prompt", "is required"));
        }
        checkText("#/prompt", prompt, limits.maxPromptLength(), errors);
        checkText("#/negativePrompt", negativePrompt, limits.maxPromptLength(), errors);
        checkNumber("#/width", width, limits.width(), errors);
        checkNumber("#/height", height, limits.height(), errors);
        checkSize(limits, errors);
        checkNumber("#/count", count, limits.count(), errors);
        if (limits.seed() != null) {
            checkNumber("#/seed", seed, limits.seed(), errors);
        }
        checkSupported("#/seed", seed, limits.seed() != null, effective, errors);
        checkSupported("#/negativePrompt", negativePrompt, limits.negativePrompt(), effective, errors);
        checkInputs(limits.inputs(), effective, errors);
        checkNumber("#/priority", priority, PRIORITIES, errors);
        checkModel(catalog, errors);
        checkMetadata(errors);
        if (found.isPresent()) {
            errors.addAll(RequestParameters.validate(parameters, effective, catalog));
        }
        if (webhook != null && !StorableText.isStorable(webhook.url())) {
            errors.add(new FieldError("#/webhookUrl", StorableText.EXPECTED));
        }
        return errors;
    }

    /**
     * Applies the defaults to a valid request.
     *
     * @param limits of the model, within which the defaults are moved
     * @param random chooses the seed when the request names none
     */
    public GenerationRequest resolve(
            Settings.Generation defaults, RequestLimits limits, String model, RandomGenerator random) {
        ImageSize size = findSize(limits)
                .orElseGet(() -> new ImageSize(
                        width == null ? (int) limits.width().nearest(defaults.defaultWidth()) : width,
                        height == null ? (int) limits.height().nearest(defaults.defaultHeight()) : height));
        NumberRange seeds =
                limits.seed() == null || limits.seed().acceptsNothing() ? RequestLimits.SEEDS : limits.seed();
        return new GenerationRequest(
                prompt,
                negativePrompt,
                size.width(),
                size.height(),
                count == null ? (int) limits.count().nearest(defaults.defaultCount()) : count,
                seed == null ? seeds.pick(random) : seed,
                model,
                metadata,
                parameters,
                inputs,
                priority == null ? 0 : priority);
    }

    private static void checkText(String pointer, String text, int maxLength, List<FieldError> errors) {
        if (text == null) {
            return;
        }
        if (text.isBlank()) {
            errors.add(new FieldError(pointer, "must not be blank"));
        } else if (text.codePoints().noneMatch(GenerationSpec::isVisible)) {
            errors.add(new FieldError(pointer, "must have a visible character"));
        } else if (length(text) > maxLength) {
            errors.add(new FieldError(pointer, "must be at most " + maxLength + " characters long"));
        } else if (!StorableText.isStorable(text)) {
            errors.add(new FieldError(pointer, StorableText.EXPECTED));
        }
    }

    private static void checkNumber(String pointer, Number number, NumberRange range, List<FieldError> errors) {
        if (number != null && !range.contains(number.longValue())) {
            errors.add(new FieldError(pointer, range.describe()));
        }
    }

    /** Requires one of the sizes of the model, if it has some, and each side to be valid by itself. */
    private void checkSize(RequestLimits limits, List<FieldError> errors) {
        boolean invalidSide = errors.stream()
                .anyMatch(error ->
                        error.pointer().equals("#/width") || error.pointer().equals("#/height"));
        if (!limits.sizes().isEmpty()
                && !invalidSide
                && (width != null || height != null)
                && findSize(limits).isEmpty()) {
            errors.add(new FieldError(
                    width == null ? "#/height" : "#/width",
                    "must be that of a size of the model: "
                            + limits.allowedSizes().map(ImageSize::toString).collect(Collectors.joining(", "))));
        }
    }

    /** Returns the first size of the model with the given sides. */
    private Optional<ImageSize> findSize(RequestLimits limits) {
        return limits.allowedSizes()
                .filter(size -> (width == null || width == size.width()) && (height == null || height == size.height()))
                .findFirst();
    }

    private static void checkSupported(
            String pointer, Object value, boolean supported, ModelSettings model, List<FieldError> errors) {
        if (value != null && !supported) {
            errors.add(new FieldError(
                    pointer, "is not supported by the model" + (model.name() == null ? "" : " " + model.name())));
        }
    }

    private void checkInputs(InputLimits limits, ModelSettings model, List<FieldError> errors) {
        int images = inputs.images().size();
        checkSupported(
                "#/inputImages", images == 0 ? null : inputs, limits.images().maximum() > 0, model, errors);
        checkSupported("#/mask", inputs.mask(), limits.masks().maximum() > 0, model, errors);
        if (limits.images().maximum() > 0 && !limits.images().contains(images)) {
            errors.add(new FieldError("#/inputImages", describeCount(limits.images())));
        }
        if (inputs.mask() == null && limits.masks().minimum() > 0) {
            errors.add(new FieldError("#/mask", "is required by the model"));
        }
        if (inputs.mask() != null && images == 0) {
            errors.add(new FieldError("#/mask", "must not be present without inputImages"));
        }
    }

    private static String describeCount(NumberRange range) {
        if (range.acceptsNothing()) {
            return range.describe();
        }
        String images = range.maximum() == 1 ? " image" : " images";
        return range.minimum() == range.maximum()
                ? "must have exactly " + range.maximum() + images
                : "must have at most " + range.maximum() + images;
    }

    private void checkModel(ModelCatalog catalog, List<FieldError> errors) {
        if (catalog.find(model).isEmpty()) {
            errors.add(new FieldError("#/model", "is not a known model; " + catalog.describeNames()));
        }
    }

    private void checkMetadata(List<FieldError> errors) {
        if (metadata == null) {
            return;
        }
        if (metadata.size() > MAX_METADATA_ENTRIES) {
            errors.add(new FieldError("#/metadata", "must have at most " + MAX_METADATA_ENTRIES + " entries"));
        }
        for (Map.Entry<String, String> pair : metadata.entrySet()) {
            if (!StorableText.isStorable(pair.getValue()) || !StorableText.isStorable(pair.getKey())) {
                errors.add(new FieldError("#/metadata", "must hold only well-formed strings without NUL"));
                return;
            }
            int keyLength = length(pair.getKey());
            if (keyLength == 0
                    || keyLength > MAX_METADATA_KEY_LENGTH
                    || length(pair.getValue()) > MAX_METADATA_VALUE_LENGTH) {
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
