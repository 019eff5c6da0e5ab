/** Requests and responses of the simulator, independent of a protocol. */
package dev.darkroom.simulator.http;
