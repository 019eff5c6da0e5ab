/** Commands: submit, query, cancel and delete generations. */
package dev.darkroom.generation.command;
