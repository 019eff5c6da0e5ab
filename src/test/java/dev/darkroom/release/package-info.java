/** Tests of the parts of a release: the jar with its bill of materials, the container image, and the Compose stack. */
package dev.darkroom.release;
