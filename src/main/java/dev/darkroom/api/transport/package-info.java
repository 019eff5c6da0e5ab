/** Limits of connections and requests: size, time, memory and unsent bytes; backpressure; request ids; access log. */
package dev.darkroom.api.transport;
