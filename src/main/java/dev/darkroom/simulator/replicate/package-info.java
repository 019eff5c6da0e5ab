/** Predictions of Replicate and of cog containers in the simulator. */
package dev.darkroom.simulator.replicate;
