package dev.darkroom.eventbus;

/**
 * User that sends a command.
 *
 * @param asAdmin whether the user is an admin and may access the resources of all users
 */
public record Requester(String user, boolean asAdmin) {

    /** Returns the owner of the resources that the command may access; null for all owners. */
    public String ownerFilter() {
        return asAdmin ? null : user;
    }
}
