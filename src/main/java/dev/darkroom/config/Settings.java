package dev.darkroom.config;

import dev.darkroom.config.InboundSettings.Api;
import dev.darkroom.config.InboundSettings.AuthMode;
import dev.darkroom.config.InboundSettings.Connections;
import dev.darkroom.config.InboundSettings.Http;
import dev.darkroom.config.InboundSettings.ImageUrls;
import dev.darkroom.config.InboundSettings.Jwt;
import dev.darkroom.config.InboundSettings.Limits;
import dev.darkroom.config.InboundSettings.Management;
import dev.darkroom.config.InboundSettings.OpenAi;
import dev.darkroom.config.InboundSettings.Streams;
import dev.darkroom.config.SettingRules.DurationRange;
import dev.darkroom.config.SettingRules.Format;
import dev.darkroom.config.SettingRules.HttpUrl;
import dev.darkroom.config.SettingRules.Networks;
import dev.darkroom.config.SettingRules.NullIfEmpty;
import dev.darkroom.config.SettingRules.PathOf;
import dev.darkroom.config.SettingRules.Range;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * All settings of one process, validated and immutable. {@code conf/darkroom.yaml} documents each setting under the same name, with
 * default, unit and purpose. {@code toString} redacts secrets. Safe on any thread.
 *
 * <p>{@link SettingsBinder} creates the records. An annotation of a component states which texts it accepts. {@link SettingsValidator}
 * checks rules between settings.
 *
 * @param publicUrl without a trailing slash; null for the bound address
 * @param dataDir absolute path
 * @param imageDir absolute path
 * @param backend defaults of the backends
 * @param backends AI servers by name; at least one
 * @param models models that requests may name; at least one, the first is that of requests without one
 */
public record Settings(
        @NullIfEmpty @HttpUrl URI publicUrl,
        @PathOf("a directory") Path dataDir,
        @NullIfEmpty @PathOf("a directory") Path imageDir,
        ImageStoreType imageStore,
        S3Settings s3,
        AuthMode auth,
        boolean allowUnauthenticatedRemote,
        Jwt jwt,
        ImageUrls imageUrls,
        Http http,
        Connections connections,
        Management management,
        Simulator simulator,
        InboundSettings.Web web,
        Api api,
        Limits limits,
        Generation generation,
        InboundSettings.InputImages inputImages,
        Notifications notifications,
        Streams streams,
        OpenAi openai,
        Worker worker,
        Retry retry,
        BackendSettings backend,
        List<BackendSettings> backends,
        List<ModelSettings> models,
        Accounting accounting,
        Outbound outbound,
        Database database,
        Node node,
        Retention retention,
        Webhooks webhooks,
        KafkaSettings kafka,
        Cluster cluster,
        Shutdown shutdown,
        TracingSettings tracing,
        Log log) {

    /** Resolves the default of the image directory. */
    public Settings {
        imageDir = imageDir == null ? dataDir.resolve("images") : imageDir;
    }

    /** Returns whether this process has a role. */
    public boolean hasRole(NodeRole role) {
        return node.roles().contains(role);
    }

    /**
     * Returns whether requests need no authentication and come only from this machine. With a {@code publicUrl} or further host names, a
     * proxy on this machine may forward requests of other machines. With CORS for all origins, every web page may send some.
     */
    public boolean isForLocalUseOnly() {
        boolean onlyThisMachine = !allowUnauthenticatedRemote
                && publicUrl == null
                && http.allowedHosts().isEmpty();
        return auth == AuthMode.LOCAL && onlyThisMachine && !http.corsOrigins().contains("*");
    }

    /** Returns the longest timeout of an attempt at any backend. */
    public Duration longestAttempt() {
        return backends.stream()
                .map(BackendSettings::timeout)
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    public record Simulator(
            @Range(max = SettingRules.MAX_PORT) int port, Duration latency) {}

    /**
     * Defaults and limits of generations. {@link BackendSettings} has the limits of requests.
     *
     * @param instances number of generation verticles; the default is resolved
     * @param maxPendingPerUser 0 for no limit
     * @param maxPerDayPerUser 0 for no limit
     */
    public record Generation(
            @Range(max = SettingRules.MAX_INSTANCES, processorsIfEmpty = true)
            int instances,

            @DurationRange(min = "1s") Duration deadline,

            @Range(min = BackendSettings.MIN_SIDE, max = BackendSettings.MAX_SIDE)
            int defaultWidth,

            @Range(min = BackendSettings.MIN_SIDE, max = BackendSettings.MAX_SIDE)
            int defaultHeight,

            @Range(min = 1, max = BackendSettings.MAX_COUNT) int defaultCount,
            @DurationRange(min = "1s") Duration maxWait,
            @Range(max = SettingRules.MILLION) int maxPendingPerUser,
            @Range(max = 10 * SettingRules.MILLION) int maxPerDayPerUser,
            @Range(min = 1, max = 100_000) int maxQueueSize) {}

    /**
     * Notifications of users.
     *
     * @param retention minimum time for which notifications are kept
     * @param pollInterval maximum delay of a notification whose NOTIFY is lost
     */
    public record Notifications(
            @DurationRange(min = "24h", max = SettingRules.MAX_AGE)
            Duration retention,

            Duration pollInterval) {}

    public record Worker(@Range(min = 1, max = 1024) int concurrency, Duration pollInterval) {}

    public record Retry(
            Duration initialDelay,
            Duration maxDelay,
            @Range(min = 1, max = 100) int maxAttempts,
            @Range(min = 1, max = 1000) int maxUncountedAttempts,
            @Range(min = 1, max = 100) int maxLostAttempts,
            Duration maxRetryAfter) {}

    /**
     * HTTP clients of all outbound calls.
     *
     * @param maxHeaderBytes maximum size of the head of a response
     */
    public record Outbound(
            @Range(min = 8 * SettingRules.KIB, max = SettingRules.MIB)
            int maxHeaderBytes) {}

    /**
     * PostgreSQL and its connections.
     *
     * @param url null for the embedded server
     * @param directUrl null when {@code url} is not a pooler
     */
    public record Database(
            @NullIfEmpty DatabaseUrl url,
            @NullIfEmpty DatabaseUrl directUrl,
            @Range(min = 1, max = 1000) int poolSize,
            @Range(max = SettingRules.MILLION) int maxWaitQueueSize,
            Duration connectTimeout,
            Duration statementTimeout,
            Duration lockTimeout,
            Duration idleInTransactionTimeout,
            Duration longTransactionWarning,
            Duration startTimeout) {

        /** Returns the URL without a pooler, for uses that need a session. Null for the embedded server. */
        public DatabaseUrl unpooledUrl() {
            return directUrl == null ? url : directUrl;
        }
    }

    /**
     * Costs and budgets.
     *
     * @param currency of prices and costs
     * @param userDayBudget limit of a user without an entry in {@code userBudgets}; null for none
     * @param userMonthBudget as {@code userDayBudget}
     */
    public record Accounting(
            @Format(TextFormat.CURRENCY) String currency,
            @NullIfEmpty Amount userDayBudget,
            @NullIfEmpty Amount userMonthBudget,
            UserBudgets userBudgets) {
        /** Returns whether a user has a limit. */
        public boolean hasBudget() {
            return userDayBudget != null
                    || userMonthBudget != null
                    || userBudgets.byUser().values().stream().anyMatch(Budget::exists);
        }

        /** Returns the limits of a user. */
        public Budget budgetOf(String user) {
            return userBudgets.byUser().getOrDefault(user, new Budget(userDayBudget, userMonthBudget));
        }
    }

    /** @param roles tasks of this process, at least one */
    public record Node(Set<NodeRole> roles, Duration heartbeatInterval, Duration ttl, Duration reapInterval) {
        /** Returns the names of the roles, as in the setting. */
        public List<String> roleNames() {
            return roles.stream()
                    .map(role -> role.name().toLowerCase(Locale.ROOT))
                    .sorted()
                    .toList();
        }
    }

    /**
     * Deletion of old data.
     *
     * @param generations age of finished generations; null keeps them for ever
     * @param attempts age of attempts of finished generations; null keeps them as long as the generations
     * @param orphanedFiles age of image files without a row; null keeps them
     */
    public record Retention(
            @NullIfEmpty @DurationRange(min = SettingRules.MIN_AGE, max = SettingRules.MAX_AGE)
            Duration generations,

            @NullIfEmpty @DurationRange(min = SettingRules.MIN_AGE, max = SettingRules.MAX_AGE)
            Duration attempts,

            @NullIfEmpty @DurationRange(min = SettingRules.MIN_AGE, max = SettingRules.MAX_AGE)
            Duration orphanedFiles,

            Duration interval) {}

    /**
     * Webhook deliveries.
     *
     * @param concurrency maximum of concurrent deliveries; 0 when this process sends none
     * @param retryDelays delays after the first, second, ... failure; not empty
     * @param timeout of one attempt, from the DNS lookup to the last byte
     * @param maxPerUser maximum number of webhooks per user
     * @param previousSecretTtl time for which the previous secret also signs
     * @param allowedNetworks networks of receivers in addition to public addresses; may be empty
     * @param allowHttp whether receivers may have http URLs
     * @param allowedPorts ports of receivers; empty for any port
     */
    public record Webhooks(
            @Range(min = 1, max = 4096) int concurrency,
            Duration pollInterval,
            @DurationRange(max = "72h") List<Duration> retryDelays,
            @DurationRange(max = "1m") Duration timeout,
            @Range(max = 1000) int maxPerUser,
            Duration previousSecretTtl,
            @Networks List<String> allowedNetworks,
            boolean allowHttp,
            @Range(min = 1, max = SettingRules.MAX_PORT) List<Integer> allowedPorts) {}

    /**
     * Clustered event bus.
     *
     * @param host not a wildcard
     * @param members {@code host:port} each; may be empty
     * @param kubernetesService DNS name; null when DNS is not used
     */
    public record Cluster(
            boolean enabled,
            @Format(TextFormat.REACHABLE_HOST) String host,
            @Range(min = 1, max = SettingRules.MAX_PORT) int port,
            @Range(max = SettingRules.MAX_PORT) int busPort,
            @Format(TextFormat.CLUSTER_MEMBERS) List<String> members,
            @NullIfEmpty @Format(TextFormat.DNS_NAME) String kubernetesService,
            @Format(TextFormat.NAME) String name) {}

    public record Shutdown(Duration gracePeriod) {}

    /** Format of the log on standard output. */
    public enum LogFormat {
        TEXT,
        JSON
    }

    public record Log(LogFormat format) {
        public boolean json() {
            return format == LogFormat.JSON;
        }
    }
}
