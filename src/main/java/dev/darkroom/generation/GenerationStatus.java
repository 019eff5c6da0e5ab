package dev.darkroom.generation;

/** Where a generation is in its life. There is no fourth state: cancelled and expired ones are FAILED with a code. */
public enum GenerationStatus {
    PENDING,
    COMPLETE,
    FAILED
}
