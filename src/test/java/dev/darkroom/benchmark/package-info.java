/**
 * The benchmark that {@code docs/performance.md} explains: {@code ./mvnw -q verify -Pbenchmark}. Nothing in here is a test,
 * and no test is about speed.
 */
package dev.darkroom.benchmark;
