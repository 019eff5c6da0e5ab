/** The queue of fal, and an app that is called directly. */
package dev.darkroom.simulator.fal;
