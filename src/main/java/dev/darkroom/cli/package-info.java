/** Command line: one class per command, parsed by picocli. */
package dev.darkroom.cli;
