package dev.darkroom.access;

/**
 * Who may come in, and how often: what the HTTP verticles of a process share.
 *
 * @param links null where there are no pictures
 * @param tickets null where there are no streams
 * @param rights of those who stay; null where there are no streams
 * @param requests of each user; null for no limit
 * @param failures limits wrong credentials of each address
 * @param anonymous requests without credentials, of each address; null for no limit
 */
public record Access(
        Doorkeeper doorkeeper,
        PictureLinks links,
        Tickets tickets,
        Rights rights,
        Allowance requests,
        FailedLoginLimiter failures,
        Allowance anonymous) {

    /** For an address at which nobody is asked who they are, and nothing is limited. */
    public static Access open() {
        return new Access(Doorkeeper.local(), null, null, null, null, FailedLoginLimiter.unlimited(), null);
    }
}
