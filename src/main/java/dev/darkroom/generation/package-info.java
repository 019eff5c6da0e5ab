/**
 * The domain: a generation, its attempts and failures, the retry schedule, the verticle that answers commands, the worker that
 * claims and the store with its SQL. Knows AI servers and pictures only through their interfaces.
 */
package dev.darkroom.generation;
