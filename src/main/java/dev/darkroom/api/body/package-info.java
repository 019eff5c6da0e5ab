/** Bodies of requests: limits of size, time and memory, and forms with files. */
package dev.darkroom.api.body;
