package dev.darkroom.backend.comfyui;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A value of a request that a workflow template can contain, written as {@code %prompt%}. */
public enum WorkflowPlaceholder {
    PROMPT,
    /** Empty text for a request without a negative prompt. */
    NEGATIVE_PROMPT,
    SEED,
    WIDTH,
    HEIGHT,
    /** Number of images. */
    COUNT,
    /** Id of the submission, for file names that no other submission uses. */
    JOB,
    /** Name of the first uploaded input image. Its number is the last part of the name, as for the next ones. */
    INPUT_IMAGE_1,
    INPUT_IMAGE_2,
    INPUT_IMAGE_3,
    INPUT_IMAGE_4,
    INPUT_IMAGE_5,
    INPUT_IMAGE_6,
    INPUT_IMAGE_7,
    INPUT_IMAGE_8,
    /** Name of the uploaded mask. */
    MASK;

    private static final List<WorkflowPlaceholder> INPUT_IMAGES = Stream.of(values())
            .filter(placeholder -> placeholder.name().startsWith("INPUT_IMAGE_"))
            .toList();

    /** Returns the placeholders of the input images, without that of the mask, in their order. */
    static List<WorkflowPlaceholder> inputImages() {
        return INPUT_IMAGES;
    }

    /** Returns the name between the percent signs. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
