/** The image store in a local directory. */
package dev.darkroom.image.local;
