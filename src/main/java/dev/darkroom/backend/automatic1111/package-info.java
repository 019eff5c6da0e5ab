/** The protocol of AUTOMATIC1111 and Forge: one synchronous POST that returns images as base64. */
package dev.darkroom.backend.automatic1111;
