package dev.darkroom.auth;

/**
 * Who may come in, and how often: what the HTTP verticles of a process share.
 *
 * @param imageUrlSigner null where there are no pictures
 * @param streamTickets null where there are no streams
 * @param credentialRevalidator of those who stay; null where there are no streams
 * @param userRateLimiter of each user; null for no limit
 * @param failedLoginLimiter limits wrong credentials of each address
 * @param anonymousRateLimiter requests without credentials, of each address; null for no limit
 */
public record AuthServices(
        Authenticator authenticator,
        ImageUrlSigner imageUrlSigner,
        StreamTickets streamTickets,
        CredentialRevalidator credentialRevalidator,
        KeyedRateLimiter userRateLimiter,
        FailedLoginLimiter failedLoginLimiter,
        KeyedRateLimiter anonymousRateLimiter) {

    /** For an address at which nobody is asked who they are, and nothing is limited. */
    public static AuthServices withoutAuthentication() {
        return new AuthServices(
                Authenticator.forLocalUser(), null, null, null, null, FailedLoginLimiter.unlimited(), null);
    }
}
