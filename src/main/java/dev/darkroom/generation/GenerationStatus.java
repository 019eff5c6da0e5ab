package dev.darkroom.generation;

/** State of a generation. There is no fourth state: canceled and expired generations are FAILED with an error code. */
public enum GenerationStatus {
    PENDING,
    COMPLETE,
    FAILED
}
