package dev.darkroom.auth.jwt;

import io.vertx.core.Future;
import java.util.Optional;

/** The keys of an issuer. Thread-safe; nothing blocks. */
interface JwtKeySource {
    /**
     * Completes on the caller's context, at once if it can, with the key of a name; empty when the issuer has no such key.
     *
     * @param id what the token calls its key, {@code kid} (RFC 7515, section 4.1.4); null when it does not
     * @return fails with a {@code AuthenticationException} when it cannot be told
     */
    Future<Optional<JwtVerificationKey>> findByKeyId(String id);
}
