package dev.darkroom.auth;

/**
 * The authenticated user of a request.
 *
 * @param user name of the user that owns the generations, 1 to 128 characters
 */
public record Principal(String user, Role role) {
    /** The user of all requests while authentication is disabled and the service is only for local use. */
    public static final Principal LOCAL_ADMIN = new Principal("local", Role.ADMIN);

    /** The user of all requests while authentication is disabled and others may reach the service. */
    public static final Principal LOCAL_USER = new Principal("local", Role.USER);
}
