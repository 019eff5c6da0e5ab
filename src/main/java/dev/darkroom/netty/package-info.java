/** Netty below Vert.x. */
package dev.darkroom.netty;
