/** The image store: its interface, storage keys and health. */
package dev.darkroom.image.store;
