package dev.darkroom.config;

import dev.darkroom.config.Settings.Api;
import dev.darkroom.config.Settings.AuthMode;
import dev.darkroom.config.Settings.Connections;
import dev.darkroom.config.Settings.Database;
import dev.darkroom.config.Settings.Generation;
import dev.darkroom.config.Settings.Http;
import dev.darkroom.config.Settings.ImageUrls;
import dev.darkroom.config.Settings.Jwt;
import dev.darkroom.config.Settings.Limits;
import dev.darkroom.config.Settings.Log;
import dev.darkroom.config.Settings.Management;
import dev.darkroom.config.Settings.Node;
import dev.darkroom.config.Settings.Notifications;
import dev.darkroom.config.Settings.Outbound;
import dev.darkroom.config.Settings.Retention;
import dev.darkroom.config.Settings.Retry;
import dev.darkroom.config.Settings.Shutdown;
import dev.darkroom.config.Settings.Simulator;
import dev.darkroom.config.Settings.Streams;
import dev.darkroom.config.Settings.Tls;
import dev.darkroom.config.Settings.Worker;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Parses and checks each setting, in the order of the file. Uses a reader of its own for each of the larger sections. {@link
 * SettingsValidator} checks rules between settings.
 */
final class SettingsReader {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    /** Minimum age of deleted data. Rejects shorter values, which are most likely mistakes. */
    private static final Duration MIN_RETENTION = Duration.ofHours(1);

    private static final Duration MIN_URL_LIFETIME = Duration.ofSeconds(4);
    private static final Duration MAX_URL_LIFETIME = Duration.ofDays(366);

    private static final Duration MAX_RETENTION = Duration.ofHours(100_000);

    private static final Pattern HOST = Pattern.compile("[^\\s/@?#\\[\\]]{1,255}");
    private static final Pattern LOG_FORMAT = Pattern.compile("text|json");

    private static final String DIRECTORY_DESCRIPTION = "a directory";

    private static final Pattern AUTH = Pattern.compile("local|required");

    /** RFC 7519, section 2: a StringOrURI, or the name of a claim. */
    private static final Pattern CLAIM = Pattern.compile("[^\\p{Cntrl}]{1,500}");

    private static final String CLAIM_DESCRIPTION = "1 to 500 characters and no control characters";

    /** Rejects larger values, which would hide a wrong clock. */
    private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(10);

    /** Origin as in the header {@code Origin} of browsers: without a path and without a default port. */
    private static final String ORIGIN = "https?://[a-z0-9.\\-\\[\\]:]{1,255}";

    private static final Pattern ORIGINS = Pattern.compile("\\*|" + ORIGIN + "(\\s*,\\s*" + ORIGIN + ")*");

    /** Host name as in the header {@code Host} of browsers, without a port. */
    private static final String HOST_NAME = "[a-z0-9_.\\-]{1,255}";

    private static final Pattern HOST_NAMES = Pattern.compile(HOST_NAME + "(\\s*,\\s*" + HOST_NAME + ")*");

    private final LayeredSettings layeredSettings;
    private final Path base;

    /** @param base absolute; relative paths in settings resolve against it */
    SettingsReader(LayeredSettings layeredSettings, Path base) {
        this.layeredSettings = layeredSettings;
        this.base = base;
    }

    Settings read() {
        SettingValue publicUrl = layeredSettings.get("publicUrl");
        Path dataDir = path(layeredSettings.get("dataDir"), DIRECTORY_DESCRIPTION);
        SettingValue imageDir = layeredSettings.get("imageDir");
        return new Settings(
                publicUrl.isEmpty() ? null : HttpUrlReader.read(publicUrl),
                dataDir,
                imageDir.isEmpty() ? dataDir.resolve("images") : path(imageDir, DIRECTORY_DESCRIPTION),
                layeredSettings.get("auth").matching(AUTH, "local or required").equals("required")
                        ? AuthMode.REQUIRED
                        : AuthMode.LOCAL,
                bool("allowUnauthenticatedRemote"),
                jwt(),
                new ImageUrls(layeredSettings.get("imageUrls.lifetime").duration(MIN_URL_LIFETIME, MAX_URL_LIFETIME)),
                http(),
                new Connections(
                        integer("connections.max", 1, 1_000_000),
                        integer("connections.perAddress", 0, 1_000_000),
                        bool("connections.http2ClearText")),
                new Management(host("management.host"), port("management.port")),
                new Simulator(port("simulator.port"), duration("simulator.latency")),
                new Api(instances("api.instances"), duration("api.replyTimeout")),
                new Limits(
                        integer("limits.requestsPerSecond", 0, 1_000_000),
                        integer("limits.burst", 1, 1_000_000),
                        integer("limits.failedLoginsPerMinute", 0, 1_000_000),
                        integer("limits.anonymousPerSecond", 0, 1_000_000),
                        integer("limits.anonymousBurst", 1, 1_000_000)),
                generation(),
                new Notifications(
                        layeredSettings.get("notifications.retention").duration(Duration.ofDays(1), MAX_RETENTION),
                        duration("notifications.pollInterval")),
                new Streams(
                        integer("streams.perUser", 1, 100_000),
                        integer("streams.perProcess", 1, 1_000_000),
                        integer("streams.connectsPerSecond", 1, 1_000_000),
                        integer("streams.connectsPerSecondPerAddress", 0, 1_000_000),
                        duration("streams.revalidateInterval"),
                        layeredSettings
                                .get("streams.slowConsumerTimeout")
                                .duration(Duration.ofSeconds(1), Duration.ofMinutes(10))),
                new Worker(integer("worker.concurrency", 0, 1024), duration("worker.pollInterval")),
                retry(),
                new BackendSettingsReader(layeredSettings).read(),
                new Outbound(integer("outbound.maxHeaderBytes", 8 * KIB, MIB)),
                database(),
                new Node(duration("node.heartbeatInterval"), duration("node.ttl"), duration("node.reapInterval")),
                retention(),
                new WebhookSettingsReader(layeredSettings).read(),
                new ClusterSettingsReader(layeredSettings).read(),
                new Shutdown(duration("shutdown.gracePeriod")),
                new Log(layeredSettings.get("log.format").matching(LOG_FORMAT, "text or json")));
    }

    private Jwt jwt() {
        SettingValue jwksUrl = layeredSettings.get("jwt.jwksUrl");
        SettingValue publicKeyFile = layeredSettings.get("jwt.publicKeyFile");
        return new Jwt(
                claim("jwt.issuer"),
                claim("jwt.audience"),
                jwksUrl.isEmpty() ? null : HttpUrlReader.readExactly(jwksUrl),
                publicKeyFile.isEmpty() ? null : path(publicKeyFile, "a file"),
                layeredSettings.get("jwt.clockSkew").wholeSeconds(MAX_CLOCK_SKEW),
                layeredSettings.get("jwt.userClaim").matching(CLAIM, CLAIM_DESCRIPTION),
                claim("jwt.adminClaim"),
                claim("jwt.adminValue"));
    }

    /** Returns null for an empty setting. */
    private String claim(String path) {
        SettingValue settingValue = layeredSettings.get(path);
        return settingValue.isEmpty() ? null : settingValue.matching(CLAIM, CLAIM_DESCRIPTION);
    }

    private Http http() {
        SettingValue origins = layeredSettings.get("http.corsOrigins");
        return new Http(
                host("http.host"),
                port("http.port"),
                integer("http.maxBodyBytes", KIB, 16 * MIB),
                duration("http.idleTimeout"),
                duration("http.requestTimeout"),
                origins.isEmpty()
                        ? List.of()
                        : List.of(origins.matching(
                                        ORIGINS, "origins such as https://app.example.org, separated by commas, or *")
                                .split("\\s*,\\s*", -1)),
                hostNames("http.allowedHosts"),
                tls());
    }

    private List<String> hostNames(String path) {
        SettingValue names = layeredSettings.get(path);
        return names.isEmpty()
                ? List.of()
                : List.of(names.matching(HOST_NAMES, "host names without ports, in lower case, separated by commas")
                        .split("\\s*,\\s*", -1));
    }

    private Tls tls() {
        SettingValue certFile = layeredSettings.get("http.tls.certFile");
        SettingValue keyFile = layeredSettings.get("http.tls.keyFile");
        Duration reload = duration("http.tls.reloadInterval");
        if (certFile.isEmpty() && keyFile.isEmpty()) {
            return new Tls(null, null, reload);
        }
        return new Tls(path(certFile, "a file"), path(keyFile, "a file"), reload);
    }

    /** The upper bounds are the limits of the contract. */
    private Generation generation() {
        return new Generation(
                instances("generation.instances"),
                layeredSettings.get("generation.deadline").duration(Duration.ofSeconds(1)),
                integer("generation.defaultWidth", 64, 2048),
                integer("generation.defaultHeight", 64, 2048),
                integer("generation.defaultCount", 1, 4),
                integer("generation.maxPromptLength", 1, 4000),
                integer("generation.maxSide", 64, 2048),
                integer("generation.maxCount", 1, 4),
                duration("generation.maxWait"),
                integer("generation.maxPendingPerUser", 0, 1_000_000),
                integer("generation.maxPerDayPerUser", 0, 10_000_000),
                integer("generation.maxQueueSize", 1, 100_000));
    }

    private Retry retry() {
        return new Retry(
                duration("retry.initialDelay"),
                duration("retry.maxDelay"),
                integer("retry.maxAttempts", 1, 100),
                integer("retry.maxUncountedAttempts", 1, 1000),
                integer("retry.maxLostAttempts", 1, 100),
                duration("retry.maxRetryAfter"));
    }

    private Database database() {
        SettingValue url = layeredSettings.get("database.url");
        SettingValue direct = layeredSettings.get("database.directUrl");
        return new Database(
                url.isEmpty() ? null : DatabaseUrlReader.read(url, base),
                direct.isEmpty() ? null : DatabaseUrlReader.read(direct, base),
                integer("database.poolSize", 1, 1000),
                integer("database.maxWaitQueueSize", 0, 1_000_000),
                duration("database.connectTimeout"),
                duration("database.statementTimeout"),
                duration("database.lockTimeout"),
                duration("database.idleInTransactionTimeout"),
                duration("database.longTransactionWarning"));
    }

    private Retention retention() {
        return new Retention(
                optionalAge("retention.generations"),
                optionalAge("retention.attempts"),
                optionalAge("retention.orphanedFiles"),
                duration("retention.interval"));
    }

    /** Returns the age from which data is deleted, or null when it is kept. */
    private Duration optionalAge(String path) {
        SettingValue settingValue = layeredSettings.get(path);
        return settingValue.isEmpty() ? null : settingValue.duration(MIN_RETENTION, MAX_RETENTION);
    }

    private Path path(SettingValue settingValue, String expected) {
        if (settingValue.isEmpty()) {
            throw settingValue.expected(expected);
        }
        try {
            return base.resolve(settingValue.text()).normalize();
        } catch (InvalidPathException e) {
            throw settingValue.expected(expected);
        }
    }

    private int instances(String path) {
        SettingValue settingValue = layeredSettings.get(path);
        return settingValue.isEmpty() ? Runtime.getRuntime().availableProcessors() : settingValue.integer(0, 256);
    }

    private String host(String path) {
        return layeredSettings.get(path).matching(HOST, "a host name or an IP address without brackets");
    }

    private int port(String path) {
        return integer(path, 0, 65535);
    }

    private int integer(String path, int min, int max) {
        return layeredSettings.get(path).integer(min, max);
    }

    private boolean bool(String path) {
        return layeredSettings.get(path).bool();
    }

    private Duration duration(String path) {
        return layeredSettings.get(path).duration();
    }
}
