/**
 * The command line, and how the rooms are put together, started and stopped. Knows everything; nobody knows it.
 */
package dev.darkroom;
