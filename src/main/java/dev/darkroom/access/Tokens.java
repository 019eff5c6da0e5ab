package dev.darkroom.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
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
 * {@link #BELIEVED}, and never beyond the token's own end, so that a busy caller costs hardly a signature. Thread-safe; nothing blocks.
 */
public final class Tokens {
    /** For so long a key that the issuer took back is not noticed, beside the time that its keys are remembered. */
    public static final Duration BELIEVED = Duration.ofSeconds(10);

    /** In characters: several times what issuers make, and less than the 8 KiB that all headers may have together. */
    static final int LONGEST = 6 * 1024;

    /** By a public key, all of them: whoever checks cannot sign. */
    static final Set<String> ALGORITHMS = Set.of("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA");

    private static final int KNOWN = 10_000;

    private final IssuerKeys keys;
    private final TokenRules rules;
    private final Cache<String, Holder> known;

    /**
     * Whose a token is.
     *
     * @param end when the issuer says that it ends, in seconds of the epoch
     */
    record Holder(Caller caller, long end) {}

    Tokens(IssuerKeys keys, TokenRules rules, Ticker ticker) {
        this.keys = keys;
        this.rules = rules;
        this.known = Caffeine.newBuilder()
                .expireAfterWrite(BELIEVED)
                .maximumSize(KNOWN)
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
    public static Tokens open(Vertx vertx, Settings.Jwt settings, Settings.Outbound outbound, InstantSource clock)
            throws IOException, GeneralSecurityException {
        TokenRules rules = new TokenRules(settings, clock);
        if (settings.publicKeyFile() != null) {
            return new Tokens(PublicKeyFile.read(settings.publicKeyFile()), rules, Ticker.systemTicker());
        }
        JwksFetch fetch = new JwksFetch(vertx, settings.jwksUrl(), JwksFetch.PATIENCE, outbound.maxHeaderBytes());
        Jwks keys = new Jwks(vertx, fetch::keys, Ticker.systemTicker());
        keys.warm();
        return new Tokens(keys, rules, Ticker.systemTicker());
    }

    /**
     * Completes on the caller's context, at once if it can.
     *
     * @param token anything, as it was presented
     * @return fails with a {@link Refused}
     */
    public Future<Caller> bearerOf(String token) {
        if (token.length() > LONGEST) {
            return Future.failedFuture(TokenRules.refused("it is too long"));
        }
        String hash = Hash.of(token);
        Holder holder = known.getIfPresent(hash);
        if (holder != null && !rules.over(holder.end())) {
            return Future.succeededFuture(holder.caller());
        }
        return judge(token).map(found -> {
            known.put(hash, found);
            return found.caller();
        });
    }

    private Future<Holder> judge(String token) {
        TokenHeader header;
        try {
            header = TokenHeader.read(token);
        } catch (Refused e) {
            return Future.failedFuture(e);
        }
        return keys.named(header.key()).map(key -> rules.judge(token, key.filter(k -> k.isFor(header.algorithm()))));
    }
}
