package dev.darkroom.eventbus;

/**
 * A validation error of one field of a request.
 *
 * @param pointer a JSON pointer into the request as a URI fragment (RFC 6901), such as {@code #/width}
 * @param detail the violated constraint, such as {@code must be a string}
 */
public record FieldError(String pointer, String detail) {}
