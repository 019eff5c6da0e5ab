package dev.darkroom.access;

/**
 * Who asks.
 *
 * @param user whose the generations are that are asked for
 */
public record Caller(String user, Role role) {
    /** Everybody, as long as nobody is asked who they are. */
    public static final Caller LOCAL = new Caller("local", Role.USER);
}
