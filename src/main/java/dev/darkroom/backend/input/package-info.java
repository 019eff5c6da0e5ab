/** Input images of requests: reads uploads from the image store and fetches images from URLs. */
package dev.darkroom.backend.input;
