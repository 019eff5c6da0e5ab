/** Simulator of the API of Black Forest Labs. */
package dev.darkroom.simulator.bfl;
