package dev.darkroom.auth;

/**
 * The authenticated user of a request.
 *
 * @param user name of the user that owns the generations, 1 to 128 characters
 */
public record Principal(String user, Role role) {
    /** The user of all requests while authentication is disabled and only this machine can connect. */
    public static final Principal LOCAL_ADMIN = new Principal("local", Role.ADMIN);

    /** The user of all requests while authentication is disabled and other machines can connect. */
    public static final Principal LOCAL_USER = new Principal("local", Role.USER);
}
