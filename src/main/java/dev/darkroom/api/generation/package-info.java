/** HTTP handlers of the generation operations. */
package dev.darkroom.api.generation;
