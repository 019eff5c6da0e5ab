/** Placeholder images of the simulator. */
package dev.darkroom.simulator.image;
