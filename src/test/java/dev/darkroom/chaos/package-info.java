/**
 * Fault tests on fleets of real processes, with a real PostgreSQL and the simulator. Only {@code ./mvnw verify -Pchaos} runs
 * them. See docs/reliability.md.
 */
package dev.darkroom.chaos;
