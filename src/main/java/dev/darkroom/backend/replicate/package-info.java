/** Predictions of Replicate and of cog containers: the same input, output and states, submitted and awaited in two ways. */
package dev.darkroom.backend.replicate;
