/** AI servers: the {@code ImageBackend} interface, requests, outcomes and failure classes. */
package dev.darkroom.backend;
