/** Waiting for finished generations, progress subscriptions and generation events. */
package dev.darkroom.generation.watch;
