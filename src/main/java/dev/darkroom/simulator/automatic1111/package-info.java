/** The protocol of AUTOMATIC1111 and Forge in the simulator. */
package dev.darkroom.simulator.automatic1111;
