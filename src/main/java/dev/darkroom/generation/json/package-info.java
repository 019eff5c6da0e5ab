/** JSON of generations: responses, events, and the commands of the public event-bus contract. */
package dev.darkroom.generation.json;
