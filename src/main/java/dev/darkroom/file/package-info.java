/** Durable files that only their owner can access. */
package dev.darkroom.file;
