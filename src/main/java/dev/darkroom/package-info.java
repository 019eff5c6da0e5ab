/** The entry point of the process: {@code Main} dispatches to the commands. */
package dev.darkroom;
