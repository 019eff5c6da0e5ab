/**
 * The bundled AI server with scripted faults. A server of its own:
 * it imports nothing of Darkroom, and only Darkroom starts it.
 */
package dev.darkroom.simulator;
