/** Meters of Vert.x, from vertx-micrometer-metrics, and cheaper meters of HTTP servers and of the event bus. */
package dev.darkroom.telemetry.vertx;
