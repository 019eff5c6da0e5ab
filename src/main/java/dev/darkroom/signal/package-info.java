/** Signals of changed rows within a process and between processes. */
package dev.darkroom.signal;
