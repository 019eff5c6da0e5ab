package dev.darkroom.auth.jwt;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.SecretHash;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;

/**
 * Whose a token of an issuer elsewhere is (JWT, RFC 7519, judged as RFC 8725 advises). What was found good is believed for
 * {@link #CACHE_TTL}, and never beyond the token's own end, so that a busy caller costs hardly a signature. Thread-safe; nothing blocks.
 */
public final class JwtAuthenticator {
    /** For so long a key that the issuer took back is not noticed, beside the time that its keys are remembered. */
    public static final Duration CACHE_TTL = Duration.ofSeconds(10);

    /** In characters: several times what issuers make, and less than the 8 KiB that all headers may have together. */
    static final int MAX_TOKEN_LENGTH = 6 * 1024;

    /** By a public key, all of them: whoever checks cannot sign. */
    static final Set<String> ACCEPTED_ALGORITHMS =
            Set.of("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA");

    private static final int MAX_CACHED_TOKENS = 10_000;

    private final JwtKeySource keySource;
    private final JwtValidator validator;
    private final Cache<String, VerifiedToken> verifiedTokens;

    /**
     * Whose a token is.
     *
     * @param expirySeconds when the issuer says that it ends, in seconds of the epoch
     */
    record VerifiedToken(Principal principal, long expirySeconds) {}

    JwtAuthenticator(JwtKeySource keys, JwtValidator rules, Ticker ticker) {
        this.keySource = keys;
        this.validator = rules;
        this.verifiedTokens = Caffeine.newBuilder()
                .expireAfterWrite(CACHE_TTL)
                .maximumSize(MAX_CACHED_TOKENS)
                .ticker(ticker)
                // On the thread that stores: there is little to do, and no pool of others is to do it.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Reads the file with the key, for which it blocks, or begins to fetch the keys.
     *
     * @param clock of the wall: the issuer's times are of its own, so that none of ours knows better
     * @throws IOException when the file cannot be read
     * @throws GeneralSecurityException when there is no key in it that we know how to use
     */
    public static JwtAuthenticator create(
            Vertx vertx, Settings.Jwt settings, Settings.Outbound outbound, InstantSource clock)
            throws IOException, GeneralSecurityException {
        JwtValidator rules = new JwtValidator(settings, clock);
        if (settings.publicKeyFile() != null) {
            return new JwtAuthenticator(
                    PublicKeyFileReader.read(settings.publicKeyFile()), rules, Ticker.systemTicker());
        }
        JwksClient fetch = new JwksClient(vertx, settings.jwksUrl(), JwksClient.TIMEOUT, outbound.maxHeaderBytes());
        JwksCache keys = new JwksCache(vertx, fetch::fetchKeys, Ticker.systemTicker());
        keys.startFetch();
        return new JwtAuthenticator(keys, rules, Ticker.systemTicker());
    }

    /**
     * Completes on the caller's context, at once if it can.
     *
     * @param token anything, as it was presented
     * @return fails with a {@link AuthenticationException}
     */
    public Future<Principal> authenticate(String token) {
        if (token.length() > MAX_TOKEN_LENGTH) {
            return Future.failedFuture(JwtValidator.invalidToken("it is too long"));
        }
        String hash = SecretHash.sha256Hex(token);
        VerifiedToken verifiedToken = verifiedTokens.getIfPresent(hash);
        if (verifiedToken != null && !validator.isExpired(verifiedToken.expirySeconds())) {
            return Future.succeededFuture(verifiedToken.principal());
        }
        return verify(token).map(found -> {
            verifiedTokens.put(hash, found);
            return found.principal();
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
                .findByKeyId(header.keyId())
                .map(key -> validator.validate(token, key.filter(k -> k.supports(header.algorithm()))));
    }
}
