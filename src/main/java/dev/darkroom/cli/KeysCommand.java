package dev.darkroom.cli;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.ApiKeyCache;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.config.DurationFormat;
import dev.darkroom.config.Settings;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToIntBiFunction;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code keys}: manages API keys and URL signing keys, with or without a running server. */
@Command(name = "keys", description = "Manage API keys and URL signing keys, with or without a running server.")
final class KeysCommand extends DatabaseCommand {
    private static final int URL_SIGNING_SECRET_BYTES = 32;

    KeysCommand(Supplier<Settings> settings) {
        super(settings);
    }

    @Command(name = "create", description = "Create an API key. Standard output contains only the key.")
    int create(
            @Option(
                            names = "--user",
                            required = true,
                            paramLabel = "NAME",
                            converter = UserNameConverter.class,
                            description = {
                                "a name of 1 to 128 letters, digits and . _ @ + : / -",
                                "Owner of the key. Required."
                            })
                    String user,
            @Option(
                            names = "--role",
                            paramLabel = "ROLE",
                            defaultValue = "user",
                            converter = RoleConverter.class,
                            description = {"user or admin", "Role of the owner, user by default."})
                    Role role,
            @Option(
                            names = "--expires",
                            paramLabel = "DURATION",
                            converter = LifetimeConverter.class,
                            description = {
                                "a duration from 1m to 3660d, such as 12h or 90d",
                                "Lifetime of the key, unlimited by default."
                            })
                    Duration lifetime)
            throws Exception {
        ApiKey key = ApiKey.generate(new SecureRandom());
        return withApiKeyAdmin((apiKeyAdmin, settings) -> {
            String validity = apiKeyAdmin
                    .create(key, new Principal(user, role), lifetime)
                    .map(end -> "until " + formatTime(end))
                    .orElse("until it is revoked");
            // Standard output contains only the key, so that scripts can store it.
            System.err.printf(
                    "%s for %s (%s), valid %s. This is the only time that the key is shown:%n",
                    key.id(), user, role.text(), validity);
            System.out.println(key.secret());
            return 0;
        });
    }

    @Command(name = "list", description = "List all API keys, without the keys themselves.")
    int list() throws Exception {
        String line = "%-19s  %-24s  %-5s  %-20s  %-20s  %s%n";
        return withApiKeyAdmin((apiKeyAdmin, settings) -> {
            System.out.printf(line, "ID", "USER", "ROLE", "CREATED", "EXPIRES", "STATE");
            for (ApiKeyAdmin.StoredKey key : apiKeyAdmin.list()) {
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

    @Command(name = "revoke", description = "Revoke an API key.")
    int revoke(
            @Parameters(
                            paramLabel = "ID",
                            description = {
                                "the id of a key, such as dk_0123456789abcdef",
                                "The key itself is accepted too."
                            })
                    String idOrKey)
            throws Exception {
        String id = ApiKey.parse(idOrKey).map(ApiKey::id).orElse(idOrKey);
        return withApiKeyAdmin((apiKeyAdmin, settings) -> {
            Optional<String> user = apiKeyAdmin.revoke(id);
            System.out.println(user.map(name -> "Revoked " + id + " of " + name + "; every process rejects it within "
                            + ApiKeyCache.CACHE_TTL.toSeconds() + " s.")
                    .orElse("There is no key with this id."));
            return user.isPresent() ? 0 : 1;
        });
    }

    @Command(name = "rotate-url-keys", description = "Replace the key that signs image URLs.")
    int rotateUrlSigningKeys(
            @Option(names = "--now", description = "Invalidate all image URLs signed so far.") boolean now)
            throws Exception {
        byte[] secret = new byte[URL_SIGNING_SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return withApiKeyAdmin((apiKeyAdmin, settings) -> {
            // A signed URL can expire up to a quarter of its lifetime later than required.
            Duration gracePeriod =
                    now ? Duration.ZERO : settings.imageUrls().lifetime().multipliedBy(2);
            int key = apiKeyAdmin.rotateUrlSigningKeys(secret, gracePeriod);
            String seconds = UrlSigningKeys.EXPIRE_AFTER.toSeconds() + " s.";
            System.out.println("Key " + key + " now signs image URLs. "
                    + (now
                            ? "URLs signed before are rejected within " + seconds
                            : "URLs signed before stay valid until they expire. All processes use the key within "
                                    + seconds));
            return 0;
        });
    }

    private int withApiKeyAdmin(ToIntBiFunction<ApiKeyAdmin, Settings> action) throws Exception {
        return withDatabase((url, settings) -> {
            try (ApiKeyAdmin apiKeyAdmin = ApiKeyAdmin.open(url)) {
                return action.applyAsInt(apiKeyAdmin, settings);
            }
        });
    }

    private static String formatTime(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Accepts names that are unambiguous in lists and log lines. */
    static final class UserNameConverter implements ITypeConverter<String> {
        private static final Pattern USER_NAME = Pattern.compile("[\\p{L}\\p{N}._@+:/-]{1,128}");

        @Override
        public String convert(String text) {
            if (!USER_NAME.matcher(text).matches()) {
                throw new TypeConversionException("not a user name");
            }
            return text;
        }
    }

    static final class RoleConverter implements ITypeConverter<Role> {
        @Override
        public Role convert(String text) {
            return Role.of(text);
        }
    }

    static final class LifetimeConverter implements ITypeConverter<Duration> {
        private static final Duration MIN = Duration.ofMinutes(1);
        private static final Duration MAX = Duration.ofDays(3660);

        @Override
        public Duration convert(String text) {
            Duration lifetime = DurationFormat.parse(text);
            if (lifetime.compareTo(MIN) < 0 || lifetime.compareTo(MAX) > 0) {
                throw new TypeConversionException("out of range");
            }
            return lifetime;
        }
    }
}
