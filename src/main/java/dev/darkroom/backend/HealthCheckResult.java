package dev.darkroom.backend;

/** Result of a request to an AI server that costs nothing and says whether it is worth a generation. */
public enum HealthCheckResult {
    /** The server answered, or has nothing that could be asked for. */
    PASSED,
    /** The server answered 5xx. */
    FAILED,
    /** No answer came. */
    UNREACHABLE
}
