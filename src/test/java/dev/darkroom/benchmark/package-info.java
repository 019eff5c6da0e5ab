/**
 * Benchmarks described in {@code docs/performance.md}, run by {@code ./mvnw -q verify -Pbenchmark}, {@code -Ppeers} and
 * {@code -Pnotifications}. This package contains no tests, and no test measures speed.
 */
package dev.darkroom.benchmark;
