/**
 * Faults on fleets of real processes, with a real PostgreSQL and the simulator. Short in the default tests, long with
 * {@code ./mvnw verify -Pchaos}: docs/reliability.md.
 */
package dev.darkroom.chaos;
