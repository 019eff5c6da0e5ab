/** The Stable Image API of Stability AI, version v2beta. */
package dev.darkroom.backend.stability;
