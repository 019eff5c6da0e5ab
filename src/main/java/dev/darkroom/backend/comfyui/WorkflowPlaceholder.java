package dev.darkroom.backend.comfyui;

import java.util.Locale;

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
    JOB;

    /** Returns the name between the percent signs. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
