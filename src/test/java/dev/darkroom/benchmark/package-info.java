/**
 * Benchmarks described in {@code docs/performance.md}, run by {@code ./mvnw -q verify -Pbenchmark} and
 * {@code -Pnotifications}. No test of this package measures speed.
 */
package dev.darkroom.benchmark;
