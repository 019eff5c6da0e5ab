/**
 * Pictures: what bytes really are (sniffing, dimensions, hash) and where they are kept. Nothing here knows who asked
 * for them or which AI server made them.
 */
package dev.darkroom.image;
