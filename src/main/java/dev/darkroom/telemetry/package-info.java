/** The meters of a process: their registry and text formats, and the meters of Vert.x, the JVM and the event loops. */
package dev.darkroom.telemetry;
