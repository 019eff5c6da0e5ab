/** Calls to AI servers: circuit breaker, concurrency limit, pauses, retry budget. */
package dev.darkroom.backend.executor;
