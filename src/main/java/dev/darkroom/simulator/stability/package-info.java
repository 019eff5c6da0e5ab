/** Simulator of the Stable Image API of Stability AI. */
package dev.darkroom.simulator.stability;
