package dev.darkroom.cli;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.ApiKeyCache;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DurationFormat;
import dev.darkroom.config.Settings;
import dev.darkroom.database.embedded.AttachedDatabase;
import dev.darkroom.server.StartupException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;

/** {@code keys create|list|revoke}: who may call the API. Beside the service or without it. Returns the exit code. */
public final class KeysCommand {
    /** What a user may be called: what can stand in a list and in a line of the log without a second thought. */
    private static final Pattern USER_NAME_PATTERN = Pattern.compile("[\\p{L}\\p{N}._@+:/-]{1,128}");

    private static final Duration MAX_LIFETIME = Duration.ofDays(3660);

    private static final int URL_SIGNING_SECRET_BYTES = 32;

    private KeysCommand() {}

    /**
     * {@code keys create --user NAME [--role admin] [--expires 90d]}, {@code keys list}, {@code keys revoke ID}, {@code keys rotate-links
     * [--now]}
     */
    public static int run(Settings settings, List<String> arguments) {
        List<String> left = new ArrayList<>(arguments);
        String verb = left.isEmpty() ? "" : left.remove(0);
        return switch (verb) {
            case "create" -> create(settings, left);
            case "list" -> list(settings, left);
            case "revoke" -> revoke(settings, left);
            case "rotate-links" -> rotateUrlSigningKeys(settings, left);
            default -> throw new StartupException("keys: expected create, list, revoke or rotate-links");
        };
    }

    private static int create(Settings settings, List<String> left) {
        String user = takeOption(left, "--user");
        String role = takeOption(left, "--role");
        String expires = takeOption(left, "--expires");
        DoctorCommand.rejectUnexpected(left);
        if (user == null || !USER_NAME_PATTERN.matcher(user).matches()) {
            throw new StartupException("--user: expected a name of 1 to 128 letters, digits and . _ @ + : / -");
        }
        Principal owner = new Principal(user, role == null ? Role.USER : parseRole(role));
        Duration lifetime = expires == null ? null : parseLifetime(expires);
        ApiKey key = ApiKey.generate(new SecureRandom());
        return withApiKeyAdmin(settings, cabinet -> {
            String until = cabinet.create(key, owner, lifetime)
                    .map(end -> "until " + formatTime(end))
                    .orElse("until it is revoked");
            // To whom it may concern; the key alone goes to standard output, so that a script can keep it.
            System.err.printf(
                    "%s for %s (%s), valid %s. This is the only time that the key is shown:%n",
                    key.id(), owner.user(), owner.role().text(), until);
            System.out.println(key.secret());
            return 0;
        });
    }

    private static int list(Settings settings, List<String> left) {
        DoctorCommand.rejectUnexpected(left);
        String line = "%-19s  %-24s  %-5s  %-20s  %-20s  %s%n";
        return withApiKeyAdmin(settings, cabinet -> {
            System.out.printf(line, "ID", "USER", "ROLE", "CREATED", "EXPIRES", "STATE");
            for (ApiKeyAdmin.StoredKey key : cabinet.list()) {
                String expires = key.expiresAt() == null ? "never" : formatTime(key.expiresAt());
                System.out.printf(
                        line,
                        key.id(),
                        key.user(),
                        key.role().text(),
                        formatTime(key.createdAt()),
                        expires,
                        describeState(key));
            }
            return 0;
        });
    }

    private static String describeState(ApiKeyAdmin.StoredKey key) {
        if (key.revokedAt() != null) {
            return "revoked " + formatTime(key.revokedAt());
        }
        return key.valid() ? "valid" : "expired";
    }

    private static int revoke(Settings settings, List<String> left) {
        if (left.isEmpty()) {
            throw new StartupException("keys revoke: expected the id of a key, such as dk_0123456789abcdef");
        }
        String given = left.remove(0);
        DoctorCommand.rejectUnexpected(left);
        // Whoever has only the key itself may revoke it by that.
        String id = ApiKey.parse(given).map(ApiKey::id).orElse(given);
        return withApiKeyAdmin(settings, cabinet -> {
            Optional<String> user = cabinet.revoke(id);
            System.out.println(user.map(name -> "Revoked " + id + " of " + name + "; every process refuses it within "
                            + ApiKeyCache.CACHE_TTL.toSeconds() + " s.")
                    .orElse("There is no key of this id."));
            return user.isPresent() ? 0 : 1;
        });
    }

    private static int rotateUrlSigningKeys(Settings settings, List<String> left) {
        boolean now = left.remove("--now");
        DoctorCommand.rejectUnexpected(left);
        // A link expires up to a quarter of its lifetime later than it has to.
        Duration grace = now ? Duration.ZERO : settings.imageUrls().lifetime().multipliedBy(2);
        byte[] secret = new byte[URL_SIGNING_SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return withApiKeyAdmin(settings, cabinet -> {
            int key = cabinet.rotateUrlSigningKeys(secret, grace);
            System.out.println("Key " + key + " signs picture links now. Links signed before "
                    + (now ? "are refused within " : "are good until they expire. Processes know of it within ")
                    + ImageUrlSigner.EXPIRE_AFTER.toSeconds() + " s.");
            return 0;
        });
    }

    private static int withApiKeyAdmin(Settings settings, ToIntFunction<ApiKeyAdmin> work) {
        try (AttachedDatabase database = AttachedDatabase.open(settings);
                ApiKeyAdmin cabinet = ApiKeyAdmin.open(database.url())) {
            return work.applyAsInt(cabinet);
        }
    }

    /** The value behind a name, which are both taken out; null when the name is not there. */
    private static String takeOption(List<String> arguments, String name) {
        int at = arguments.indexOf(name);
        if (at < 0) {
            return null;
        }
        arguments.remove(at);
        return at < arguments.size() ? arguments.remove(at) : "";
    }

    private static Role parseRole(String word) {
        try {
            return Role.of(word);
        } catch (IllegalArgumentException e) {
            throw new StartupException("--role: " + e.getMessage());
        }
    }

    private static Duration parseLifetime(String text) {
        StartupException wrong =
                new StartupException("--expires: expected a duration from 1m to 3660d, such as 12h or 90d");
        try {
            Duration lifetime = DurationFormat.parse(text);
            if (lifetime.compareTo(Duration.ofMinutes(1)) < 0 || lifetime.compareTo(MAX_LIFETIME) > 0) {
                throw wrong;
            }
            return lifetime;
        } catch (IllegalArgumentException e) {
            throw wrong;
        }
    }

    private static String formatTime(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
