package dev.darkroom.server;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.auth.ApiKeyCache;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.Authenticator;
import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.auth.CredentialRevalidator;
import dev.darkroom.auth.FailedLoginLimiter;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.KeyedRateLimiter;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.StreamTickets;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.auth.jwt.JwtAuthenticator;
import dev.darkroom.config.FileErrorMessage;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates the authentication and rate-limiting services from the settings. */
final class AuthServicesFactory {
    private static final Logger LOG = LoggerFactory.getLogger(AuthServicesFactory.class);

    private AuthServicesFactory() {}

    /** @throws StartupException when the public key file of the JWT issuer cannot be used */
    static AuthServices create(Vertx vertx, Database database, Settings settings) {
        if (settings.auth() == InboundSettings.AuthMode.LOCAL && settings.allowUnauthenticatedRemote()) {
            LOG.atWarn()
                    .addKeyValue("host", settings.http().host())
                    .log("remote access without authentication allowed");
        }
        ApiKeyCache apiKeys = new ApiKeyCache(vertx, database, Ticker.systemTicker());
        Authenticator authenticator = new Authenticator(
                anonymous(settings),
                apiKeys::findOwner,
                settings.jwt().accepted() ? createJwtAuthenticator(vertx, settings)::authenticate : null);
        UrlSigningKeys keys = new UrlSigningKeys(vertx, database, InstantSource.system(), System::nanoTime);
        StreamTickets streamTickets = new StreamTickets(database, new SecureRandom());
        InboundSettings.Limits limits = settings.limits();
        return new AuthServices(
                authenticator,
                new ImageUrlSigner(keys, settings.imageUrls().lifetime(), InstantSource.system()),
                new CallbackTokens(keys, InstantSource.system()),
                streamTickets,
                new CredentialRevalidator(authenticator, apiKeys, streamTickets, InstantSource.system()),
                createRateLimiter(limits.burst(), limits.requestsPerSecond(), Duration.ofSeconds(1)),
                new FailedLoginLimiter(createRateLimiter(
                        limits.failedLoginsPerMinute(), limits.failedLoginsPerMinute(), Duration.ofMinutes(1))),
                createRateLimiter(limits.anonymousBurst(), limits.anonymousPerSecond(), Duration.ofSeconds(1)));
    }

    /** Returns the user of requests without a credential; null when they are rejected. Remote clients get no admin role without one. */
    static Principal anonymous(Settings settings) {
        if (settings.auth() == InboundSettings.AuthMode.REQUIRED) {
            return null;
        }
        return settings.isForLocalUseOnly() ? Principal.LOCAL_ADMIN : Principal.LOCAL_USER;
    }

    /**
     * Returns null when {@code permits} is 0, which means no limit.
     *
     * @param burst permits that one key may use at once
     * @param permits permits that one key regains per {@code period}
     */
    private static KeyedRateLimiter createRateLimiter(int burst, int permits, Duration period) {
        return permits == 0 ? null : new KeyedRateLimiter(burst, permits, period, TimeMeter.SYSTEM_NANOTIME);
    }

    private static JwtAuthenticator createJwtAuthenticator(Vertx vertx, Settings settings) {
        try {
            return JwtAuthenticator.create(vertx, settings.jwt(), settings.outbound(), InstantSource.system());
        } catch (IOException | GeneralSecurityException e) {
            throw new StartupException("DARKROOM_JWT_PUBLIC_KEY_FILE: expected a file with a public key in PEM, got \""
                    + settings.jwt().publicKeyFile() + "\" (" + FileErrorMessage.of(e) + ")");
        }
    }
}
