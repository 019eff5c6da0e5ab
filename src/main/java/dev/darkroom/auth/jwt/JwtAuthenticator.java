package dev.darkroom.auth.jwt;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Principal;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Authenticates JWTs (RFC 7519) of an external issuer, following RFC 8725. A verified token is cached for {@link #CACHE_TTL}, but
 * never beyond its expiry, so that a busy client rarely costs a signature verification. Thread-safe; nothing blocks.
 */
public final class JwtAuthenticator {
    /** Time that a verified token is cached. Adds to the time for which a withdrawn key is accepted. */
    public static final Duration CACHE_TTL = Duration.ofSeconds(10);

    /** Limit in characters. Several times the length of real tokens, and below the limit of 8 KiB for all headers. */
    static final int MAX_TOKEN_LENGTH = 6 * 1024;

    /** Accepts only algorithms with a public key, so that a verifier cannot sign (RFC 8725, section 3.1). */
    static final Set<String> ACCEPTED_ALGORITHMS =
            Set.of("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA");

    private static final int MAX_CACHED_TOKENS = 10_000;

    private final Function<String, Future<Optional<JwtVerificationKey>>> keySource;
    private final JwtValidator validator;
    private final Cache<String, VerifiedToken> verifiedTokens;

    /**
     * The principal and the expiry of a verified token.
     *
     * @param expirySeconds the {@code exp} claim, in seconds since 1970
     */
    record VerifiedToken(Principal principal, long expirySeconds) {}

    JwtAuthenticator(
            Function<String, Future<Optional<JwtVerificationKey>>> keySource, JwtValidator validator, Ticker ticker) {
        this.keySource = keySource;
        this.validator = validator;
        this.verifiedTokens = Caffeine.newBuilder()
                .expireAfterWrite(CACHE_TTL)
                .maximumSize(MAX_CACHED_TOKENS)
                .ticker(ticker)
                // Runs maintenance on the calling thread: it is short and needs no thread pool.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Reads the public key file, which blocks, or starts to fetch the JWKS.
     *
     * @param clock the wall clock, compared with the times that the issuer sets
     * @throws IOException when the file cannot be read
     * @throws GeneralSecurityException when the file contains no usable key
     */
    public static JwtAuthenticator create(
            Vertx vertx, InboundSettings.Jwt settings, Settings.Outbound outbound, InstantSource clock)
            throws IOException, GeneralSecurityException {
        JwtValidator validator = new JwtValidator(settings, clock);
        if (settings.publicKeyFile() != null) {
            return new JwtAuthenticator(
                    PublicKeyFileReader.read(settings.publicKeyFile()), validator, Ticker.systemTicker());
        }
        JwksClient client = new JwksClient(vertx, settings.jwksUrl(), JwksClient.TIMEOUT, outbound.maxHeaderBytes());
        JwksCache cache = new JwksCache(vertx, client::fetchKeys, Ticker.systemTicker());
        cache.startFetch();
        return new JwtAuthenticator(cache::findByKeyId, validator, Ticker.systemTicker());
    }

    /**
     * Verifies a token. Completes on the caller's context, immediately if the token and its key are cached.
     *
     * @param token the presented text, not validated yet
     * @return fails with an {@link AuthenticationException}
     */
    public Future<Principal> authenticate(String token) {
        if (token.length() > MAX_TOKEN_LENGTH) {
            return Future.failedFuture(JwtValidator.invalidToken("it is too long"));
        }
        String hash = DigestUtils.sha256Hex(token);
        VerifiedToken verifiedToken = verifiedTokens.getIfPresent(hash);
        if (verifiedToken != null && !validator.isExpired(verifiedToken.expirySeconds())) {
            return Future.succeededFuture(verifiedToken.principal());
        }
        return verify(token).map(verified -> {
            verifiedTokens.put(hash, verified);
            return verified.principal();
        });
    }

    private Future<VerifiedToken> verify(String token) {
        JwtHeader header;
        try {
            header = JwtHeader.read(token);
        } catch (AuthenticationException e) {
            return Future.failedFuture(e);
        }
        return keySource
                .apply(header.keyId())
                .map(key -> validator.validate(token, key.filter(k -> k.supports(header.algorithm()))));
    }
}
