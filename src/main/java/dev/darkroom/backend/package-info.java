/**
 * AI servers as we call them: the interface, the outcome of a call, the guard (circuit breaker, concurrency limit,
 * pause), one package per protocol, and {@code http} for what those share. Nothing here has ever heard of a generation
 * row.
 */
package dev.darkroom.backend;
