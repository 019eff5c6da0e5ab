package dev.darkroom.auth;

/**
 * Who asks.
 *
 * @param user whose the generations are that are asked for
 */
public record Principal(String user, Role role) {
    /** Everybody, as long as nobody is asked who they are. */
    public static final Principal LOCAL = new Principal("local", Role.USER);
}
