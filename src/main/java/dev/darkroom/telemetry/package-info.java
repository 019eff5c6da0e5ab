/**
 * Metrics and traces of a process: the registry of the meters and their text formats, the meters of Vert.x, the JVM and the event loops,
 * and spans with their export.
 */
package dev.darkroom.telemetry;
