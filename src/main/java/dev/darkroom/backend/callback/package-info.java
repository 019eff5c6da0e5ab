/** The callback protocol: a server that accepts a job at once and posts its result to a signed URL later. */
package dev.darkroom.backend.callback;
