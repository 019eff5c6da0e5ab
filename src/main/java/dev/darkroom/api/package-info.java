/** The HTTP API: the verticle that wires routes, handlers and guards. */
package dev.darkroom.api;
