/**
 * Erases users: deletes everything that belongs to a user from every table and from the image store, in batches, and
 * finishes what a crash interrupted.
 */
package dev.darkroom.erasure;
