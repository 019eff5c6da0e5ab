/** Server-sent event streams: admission, limits, frames and draining. */
package dev.darkroom.api.stream;
