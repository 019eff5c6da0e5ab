/** Meters of Vert.x: those of vertx-micrometer-metrics, and cheaper ones of HTTP servers and of the event bus. */
package dev.darkroom.telemetry.vertx;
