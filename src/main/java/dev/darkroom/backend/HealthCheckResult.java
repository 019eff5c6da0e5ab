package dev.darkroom.backend;

/** Result of a health check of an AI server. */
public enum HealthCheckResult {
    /** The server responded with a status below 500, or no health check is configured. */
    PASSED,
    /** The server responded with 5xx. */
    FAILED,
    /** No response arrived. */
    UNREACHABLE
}
