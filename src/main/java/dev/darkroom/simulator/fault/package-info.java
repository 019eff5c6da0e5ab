/** Fault scripts of the simulator: parser, remaining steps and faults. */
package dev.darkroom.simulator.fault;
