package dev.darkroom;

import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.KeyRing;
import dev.darkroom.access.PictureLinks;
import dev.darkroom.access.Role;
import dev.darkroom.config.DurationFormat;
import dev.darkroom.config.Settings;
import dev.darkroom.database.JoinedDatabase;
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
final class Keys {
    /** What a user may be called: what can stand in a list and in a line of the log without a second thought. */
    private static final Pattern USER = Pattern.compile("[\\p{L}\\p{N}._@+:/-]{1,128}");

    private static final Duration LONGEST = Duration.ofDays(3660);

    private static final int LINK_SECRET_BYTES = 32;

    private Keys() {}

    /**
     * {@code keys create --user NAME [--role admin] [--expires 90d]}, {@code keys list}, {@code keys revoke ID}, {@code keys rotate-links
     * [--now]}
     */
    static int run(Settings settings, List<String> arguments) {
        List<String> left = new ArrayList<>(arguments);
        String verb = left.isEmpty() ? "" : left.remove(0);
        return switch (verb) {
            case "create" -> create(settings, left);
            case "list" -> list(settings, left);
            case "revoke" -> revoke(settings, left);
            case "rotate-links" -> rotateLinks(settings, left);
            default -> throw new StartException("keys: expected create, list, revoke or rotate-links");
        };
    }

    private static int create(Settings settings, List<String> left) {
        String user = option(left, "--user");
        String role = option(left, "--role");
        String expires = option(left, "--expires");
        Tools.refuse(left);
        if (user == null || !USER.matcher(user).matches()) {
            throw new StartException("--user: expected a name of 1 to 128 letters, digits and . _ @ + : / -");
        }
        Caller owner = new Caller(user, role == null ? Role.USER : role(role));
        Duration lifetime = expires == null ? null : lifetime(expires);
        ApiKey key = ApiKey.mint(new SecureRandom());
        return with(settings, cabinet -> {
            String until = cabinet.add(key, owner, lifetime)
                    .map(end -> "until " + time(end))
                    .orElse("until it is revoked");
            // To whom it may concern; the key alone goes to standard output, so that a script can keep it.
            System.err.printf(
                    "%s for %s (%s), valid %s. This is the only time that the key is shown:%n",
                    key.id(), owner.user(), owner.role().word(), until);
            System.out.println(key.secret());
            return 0;
        });
    }

    private static int list(Settings settings, List<String> left) {
        Tools.refuse(left);
        String line = "%-19s  %-24s  %-5s  %-20s  %-20s  %s%n";
        return with(settings, cabinet -> {
            System.out.printf(line, "ID", "USER", "ROLE", "CREATED", "EXPIRES", "STATE");
            for (KeyCabinet.Entry key : cabinet.list()) {
                String expires = key.expiresAt() == null ? "never" : time(key.expiresAt());
                System.out.printf(
                        line, key.id(), key.user(), key.role().word(), time(key.createdAt()), expires, state(key));
            }
            return 0;
        });
    }

    private static String state(KeyCabinet.Entry key) {
        if (key.revokedAt() != null) {
            return "revoked " + time(key.revokedAt());
        }
        return key.valid() ? "valid" : "expired";
    }

    private static int revoke(Settings settings, List<String> left) {
        if (left.isEmpty()) {
            throw new StartException("keys revoke: expected the id of a key, such as dk_0123456789abcdef");
        }
        String given = left.remove(0);
        Tools.refuse(left);
        // Whoever has only the key itself may revoke it by that.
        String id = ApiKey.parse(given).map(ApiKey::id).orElse(given);
        return with(settings, cabinet -> {
            Optional<String> user = cabinet.revoke(id);
            System.out.println(user.map(name -> "Revoked " + id + " of " + name + "; every process refuses it within "
                            + KeyRing.BELIEVED.toSeconds() + " s.")
                    .orElse("There is no key of this id."));
            return user.isPresent() ? 0 : 1;
        });
    }

    private static int rotateLinks(Settings settings, List<String> left) {
        boolean now = left.remove("--now");
        Tools.refuse(left);
        // A link expires up to a quarter of its lifetime later than it has to.
        Duration grace = now ? Duration.ZERO : settings.links().lifetime().multipliedBy(2);
        byte[] secret = new byte[LINK_SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return with(settings, cabinet -> {
            int key = cabinet.rotateLinkKeys(secret, grace);
            System.out.println("Key " + key + " signs picture links now. Links signed before "
                    + (now ? "are refused within " : "are good until they expire. Processes know of it within ")
                    + PictureLinks.STALE.toSeconds() + " s.");
            return 0;
        });
    }

    private static int with(Settings settings, ToIntFunction<KeyCabinet> work) {
        try (JoinedDatabase database = JoinedDatabase.open(settings);
                KeyCabinet cabinet = KeyCabinet.open(database.url())) {
            return work.applyAsInt(cabinet);
        }
    }

    /** The value behind a name, which are both taken out; null when the name is not there. */
    private static String option(List<String> arguments, String name) {
        int at = arguments.indexOf(name);
        if (at < 0) {
            return null;
        }
        arguments.remove(at);
        return at < arguments.size() ? arguments.remove(at) : "";
    }

    private static Role role(String word) {
        try {
            return Role.of(word);
        } catch (IllegalArgumentException e) {
            throw new StartException("--role: " + e.getMessage());
        }
    }

    private static Duration lifetime(String text) {
        StartException wrong =
                new StartException("--expires: expected a duration from 1m to 3660d, such as 12h or 90d");
        try {
            Duration lifetime = DurationFormat.parse(text);
            if (lifetime.compareTo(Duration.ofMinutes(1)) < 0 || lifetime.compareTo(LONGEST) > 0) {
                throw wrong;
            }
            return lifetime;
        } catch (IllegalArgumentException e) {
            throw wrong;
        }
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
