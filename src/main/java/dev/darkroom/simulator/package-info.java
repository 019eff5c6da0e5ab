/** The bundled AI server with scripted faults. Imports nothing else of Darkroom. */
package dev.darkroom.simulator;
