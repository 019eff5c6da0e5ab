package dev.darkroom.auth.jwt;

import io.vertx.core.Future;
import java.util.Optional;

/** Finds the verification keys of an issuer. Thread-safe; nothing blocks. */
interface JwtKeySource {
    /**
     * Returns the key with an ID; empty when the issuer has no such key. Completes on the caller's context, immediately if cached.
     *
     * @param id the {@code kid} of the token (RFC 7515, section 4.1.4); null when absent
     * @return fails with an {@code AuthenticationException} when the keys are unavailable
     */
    Future<Optional<JwtVerificationKey>> findByKeyId(String id);
}
