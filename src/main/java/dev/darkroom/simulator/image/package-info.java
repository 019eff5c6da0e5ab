/** Placeholder images of the simulator and their downloads, shared by all protocols. */
package dev.darkroom.simulator.image;
