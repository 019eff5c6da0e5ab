/** Tests of what a release consists of: the jar with its bill of materials, the container image, and the Compose stack. */
package dev.darkroom.release;
