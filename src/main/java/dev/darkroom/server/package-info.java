/** Wiring, startup, shutdown and bind errors of the service. */
package dev.darkroom.server;
