/** SQL of generations, leases and attempts. */
package dev.darkroom.generation.store;
