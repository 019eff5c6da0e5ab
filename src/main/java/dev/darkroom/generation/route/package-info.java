/** Routing: which AI server makes the next generations of a model. */
package dev.darkroom.generation.route;
