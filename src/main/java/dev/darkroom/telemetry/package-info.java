/** Metrics of the process. */
package dev.darkroom.telemetry;
