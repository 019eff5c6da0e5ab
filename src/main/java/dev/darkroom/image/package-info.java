/** Images: format detection, inspection and the {@code ImageStore} interface. */
package dev.darkroom.image;
