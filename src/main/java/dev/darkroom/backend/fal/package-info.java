/** Requests to the queue of fal, and to a single app that is called directly. */
package dev.darkroom.backend.fal;
