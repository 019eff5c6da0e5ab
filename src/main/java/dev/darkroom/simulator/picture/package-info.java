/**
 * The simulator's painter: a prompt and a seed become a landscape, the same bytes on every machine. Pure arithmetic; no AWT,
 * no fonts, no zlib of the platform.
 */
package dev.darkroom.simulator.picture;
