/**
 * Faults on fleets of real processes, with a real PostgreSQL and the simulator. They run with
 * {@code ./mvnw verify -Pchaos} only: docs/reliability.md.
 */
package dev.darkroom.chaos;
