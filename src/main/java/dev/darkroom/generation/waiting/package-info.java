/** HTTP requests that wait for the end of a generation, and retries that attach to it. */
package dev.darkroom.generation.waiting;
