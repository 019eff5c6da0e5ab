package dev.darkroom;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.access.Access;
import dev.darkroom.access.Allowance;
import dev.darkroom.access.Doorkeeper;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.access.KeyRing;
import dev.darkroom.access.PictureLinks;
import dev.darkroom.access.Rights;
import dev.darkroom.access.Tickets;
import dev.darkroom.access.Tokens;
import dev.darkroom.config.FileReason;
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

/** Who may come in, and how often, by the settings. */
final class Entrance {
    private static final Logger LOG = LoggerFactory.getLogger(Entrance.class);

    private Entrance() {}

    /** @throws StartException when the key of an issuer cannot be read */
    static Access open(Vertx vertx, Database database, Settings settings) {
        if (settings.auth() == Settings.Auth.LOCAL && settings.authLocalAnywhere()) {
            LOG.atWarn()
                    .addKeyValue("host", settings.http().host())
                    .log("authLocalAnywhere: whoever reaches the API may use it, and sees everybody's pictures");
        }
        KeyRing keys = new KeyRing(vertx, database, Ticker.systemTicker());
        Doorkeeper doorkeeper = new Doorkeeper(
                settings.auth() == Settings.Auth.REQUIRED,
                keys::ownerOf,
                settings.jwt().accepted() ? tokens(vertx, settings)::bearerOf : null);
        PictureLinks links = new PictureLinks(
                vertx, database, settings.links().lifetime(), InstantSource.system(), System::nanoTime);
        Tickets tickets = new Tickets(database, new SecureRandom());
        Settings.Limits limits = settings.limits();
        return new Access(
                doorkeeper,
                links,
                tickets,
                new Rights(doorkeeper, keys, tickets, InstantSource.system()),
                allowance(limits.burst(), limits.requestsPerSecond(), Duration.ofSeconds(1)),
                FailedLoginLimiter.of(allowance(limits.failedLogins(), limits.failedLogins(), Duration.ofMinutes(1))),
                allowance(limits.anonymousBurst(), limits.anonymousPerSecond(), Duration.ofSeconds(1)));
    }

    /** Null for no limit. */
    private static Allowance allowance(int atOnce, int often, Duration period) {
        return often == 0 ? null : new Allowance(atOnce, often, period, TimeMeter.SYSTEM_NANOTIME);
    }

    private static Tokens tokens(Vertx vertx, Settings settings) {
        try {
            return Tokens.open(vertx, settings.jwt(), settings.outbound(), InstantSource.system());
        } catch (IOException | GeneralSecurityException e) {
            throw new StartException("DARKROOM_JWT_PUBLIC_KEY_FILE: expected a file with a public key in PEM, got \""
                    + settings.jwt().publicKeyFile() + "\" (" + FileReason.of(e) + ")");
        }
    }
}
