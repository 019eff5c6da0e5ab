/** The callback protocol in the simulator. */
package dev.darkroom.simulator.callback;
