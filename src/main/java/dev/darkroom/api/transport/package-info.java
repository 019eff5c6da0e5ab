/** Guards of connections and requests: size, time and memory limits, backpressure, access log. */
package dev.darkroom.api.transport;
