/** Sums of submissions and costs. */
package dev.darkroom.usage;
