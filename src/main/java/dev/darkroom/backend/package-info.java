/** AI servers: the {@code ImageBackend} interface, outcomes, circuit breaker, concurrency limit and executor. */
package dev.darkroom.backend;
