package dev.darkroom.auth;

/**
 * The authenticated user of a request.
 *
 * @param user name of the user that owns the generations, 1 to 128 characters
 */
public record Principal(String user, Role role) {
    /** The user of all requests while authentication is disabled. */
    public static final Principal LOCAL = new Principal("local", Role.USER);
}
