package dev.darkroom.auth;

import io.vertx.core.Future;
import java.time.Duration;
import java.time.InstantSource;

/**
 * Signs and verifies image URLs. A signed URL gives access to one image without credentials until it expires, since an {@code <img>}
 * element cannot send an {@code Authorization} header.
 *
 * <p>Thread-safe; nothing blocks.
 */
public final class ImageUrlSigner {
    private static final String PURPOSE = "image";

    /** The expiry is rounded up to a multiple of this part of the lifetime, so that responses repeat the same URL and caches work. */
    private static final int EXPIRY_STEPS_PER_LIFETIME = 4;

    private final UrlSigningKeys keys;
    private final Duration lifetime;
    private final InstantSource clock;

    /** @param lifetime minimum lifetime of a URL; the rounded expiry is up to a quarter longer */
    public ImageUrlSigner(UrlSigningKeys keys, Duration lifetime, InstantSource clock) {
        this.keys = keys;
        this.lifetime = lifetime;
        this.clock = clock;
    }

    /** Result of the verification of a signed URL. */
    public enum SignatureStatus {
        VALID,
        EXPIRED,
        /** The signature is wrong or incomplete, or its key is unknown or retired. */
        INVALID
    }

    /** Signs URLs with one key and one expiry. Immutable. */
    public static final class QuerySigner {
        private final UrlSigningKey key;
        private final long expirySeconds;

        private QuerySigner(UrlSigningKey key, long expirySeconds) {
            this.key = key;
            this.expirySeconds = expirySeconds;
        }

        /** Returns the query string of the URL of an image. */
        public String signedQuery(String imageName) {
            String expires = String.valueOf(expirySeconds);
            return "expires=" + expires + "&key=" + key.id() + "&signature=" + key.sign(PURPOSE, imageName, expires);
        }

        /** Whether another signer produces the same URLs. */
        public boolean producesSameUrls(QuerySigner other) {
            return key.id() == other.key.id() && expirySeconds == other.expirySeconds;
        }
    }

    /** Returns a signer with the newest key. Fails when the database is unavailable. */
    public Future<QuerySigner> currentSigner() {
        long step = Math.max(1, lifetime.toSeconds() / EXPIRY_STEPS_PER_LIFETIME);
        long earliestExpiry = clock.instant().plus(lifetime).getEpochSecond();
        return keys.newest().map(key -> new QuerySigner(key, (earliestExpiry + step - 1) / step * step));
    }

    /**
     * Verifies the query parameters of a signed URL. Fails when the database is unavailable.
     *
     * @param expires query parameter, null when absent
     * @param key query parameter, null when absent
     * @param signature query parameter, null when absent
     */
    public Future<SignatureStatus> verify(String imageName, String expires, String key, String signature) {
        if (expires == null || key == null || signature == null) {
            return Future.succeededFuture(SignatureStatus.INVALID);
        }
        return keys.find(key)
                .map(found -> found.filter(each -> each.isValidSignature(PURPOSE, imageName, expires, signature))
                        // The signature is valid, so the value was produced here and is a number.
                        .map(signer -> Long.parseLong(expires) > clock.instant().getEpochSecond()
                                ? SignatureStatus.VALID
                                : SignatureStatus.EXPIRED)
                        .orElse(SignatureStatus.INVALID));
    }
}
