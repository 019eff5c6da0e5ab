package dev.darkroom.auth;

/**
 * The authentication and rate limiting services that the HTTP verticles of a process share.
 *
 * @param imageUrlSigner null on an address that serves no images
 * @param callbackTokens null on an address that receives no callbacks
 * @param streamTickets null on an address that serves no streams
 * @param credentialRevalidator checks the credentials of open streams; null on an address that serves no streams
 * @param userRateLimiter limits the requests of each user; null for no limit
 * @param failedLoginLimiter limits wrong credentials per client address
 * @param anonymousRateLimiter limits requests without credentials per client address; null for no limit
 */
public record AuthServices(
        Authenticator authenticator,
        ImageUrlSigner imageUrlSigner,
        CallbackTokens callbackTokens,
        StreamTickets streamTickets,
        CredentialRevalidator credentialRevalidator,
        KeyedRateLimiter userRateLimiter,
        FailedLoginLimiter failedLoginLimiter,
        KeyedRateLimiter anonymousRateLimiter) {

    /** For an address without authentication and without rate limits. */
    public static AuthServices withoutAuthentication() {
        return new AuthServices(
                Authenticator.forLocalUser(), null, null, null, null, null, new FailedLoginLimiter(null), null);
    }
}
