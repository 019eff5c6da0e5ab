/** Claiming generations, running attempts, retry policy and lease reaping. */
package dev.darkroom.generation.worker;
