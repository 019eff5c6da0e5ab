/** Periodic tasks. */
package dev.darkroom.task;
