/** Problem documents (RFC 9457). */
package dev.darkroom.api.problem;
