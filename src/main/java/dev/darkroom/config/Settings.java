package dev.darkroom.config;

import dev.darkroom.config.InboundSettings.Api;
import dev.darkroom.config.InboundSettings.AuthMode;
import dev.darkroom.config.InboundSettings.Connections;
import dev.darkroom.config.InboundSettings.Http;
import dev.darkroom.config.InboundSettings.ImageUrls;
import dev.darkroom.config.InboundSettings.Jwt;
import dev.darkroom.config.InboundSettings.Limits;
import dev.darkroom.config.InboundSettings.Management;
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
import java.util.regex.Pattern;

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
        AuthMode auth,
        boolean allowUnauthenticatedRemote,
        Jwt jwt,
        ImageUrls imageUrls,
        Http http,
        Connections connections,
        Management management,
        Simulator simulator,
        Api api,
        Limits limits,
        Generation generation,
        Notifications notifications,
        Streams streams,
        Worker worker,
        Retry retry,
        Backend backend,
        List<Backend> backends,
        List<Model> models,
        Outbound outbound,
        Database database,
        Node node,
        Retention retention,
        Webhooks webhooks,
        Cluster cluster,
        Shutdown shutdown,
        Log log) {

    /** Resolves the default of the image directory. */
    public Settings {
        imageDir = imageDir == null ? dataDir.resolve("images") : imageDir;
    }

    /** Returns the longest timeout of an attempt at any backend. */
    public Duration longestAttempt() {
        return backends.stream()
                .map(Backend::timeout)
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    public record Simulator(
            @Range(max = SettingRules.MAX_PORT) int port, Duration latency) {}

    /**
     * Defaults and limits of generations. The upper bounds are the limits of the contract.
     *
     * @param instances number of generation verticles; the default is resolved
     * @param maxPendingPerUser 0 for no limit
     * @param maxPerDayPerUser 0 for no limit
     */
    public record Generation(
            @Range(max = SettingRules.MAX_INSTANCES, processorsIfEmpty = true)
            int instances,

            @DurationRange(min = "1s") Duration deadline,
            @Range(min = MIN_SIDE, max = 2048) int defaultWidth,
            @Range(min = MIN_SIDE, max = 2048) int defaultHeight,
            @Range(min = 1, max = 4) int defaultCount,
            @Range(min = 1, max = 4000) int maxPromptLength,
            @Range(min = MIN_SIDE, max = 2048) int maxSide,
            @Range(min = 1, max = 4) int maxCount,
            Duration maxWait,
            @Range(max = SettingRules.MILLION) int maxPendingPerUser,
            @Range(max = 10 * SettingRules.MILLION) int maxPerDayPerUser,
            @Range(min = 1, max = 100_000) int maxQueueSize) {
        /** Minimum width and height of images in pixels. */
        public static final int MIN_SIDE = 64;
    }

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

    public record Worker(@Range(max = 1024) int concurrency, Duration pollInterval) {}

    public record Retry(
            Duration initialDelay,
            Duration maxDelay,
            @Range(min = 1, max = 100) int maxAttempts,
            @Range(min = 1, max = 1000) int maxUncountedAttempts,
            @Range(min = 1, max = 100) int maxLostAttempts,
            Duration maxRetryAfter) {}

    /**
     * AI server and calls to it.
     *
     * @param url without a trailing slash, ends in {@code /v1} for {@link BackendType#OPENAI}; null for the bundled simulator
     * @param apiKey {@link Secret#NONE} when there is none
     * @param model null when the AI server chooses
     * @param concurrency maximum number of concurrent calls of this process; 0 for that of the worker
     * @param requestsPerMinute maximum number of calls of this process in a minute; 0 for no limit
     * @param maxPromptLength in code points; 0 for the limit of all generations, as for the next two
     * @param maxSide in pixels
     * @param maxCount number of images
     * @param sizes the only sizes of images, such as {@code 1024x1024}; empty for any
     * @param readLimits whether further limits are read from the AI server
     * @param imageFormats formats of images: some of png, jpeg, webp
     * @param downloadNetworks networks for image downloads in addition to public addresses and the AI server; may be empty
     * @param requestFields optional fields to send; null when the model name decides
     * @param inputFields inputs of models of cog and Replicate, see {@code InputFields}
     * @param pollInterval time between the first two polls of a job
     * @param parametersSchema absolute path of the JSON Schema of parameters; null when the AI server accepts none
     * @param workflow absolute path of the workflow template of a ComfyUI server; null for other types
     */
    public record Backend(
            BackendType type,
            @NullIfEmpty @HttpUrl(openAi = true) URI url,
            @Format(TextFormat.API_KEY) Secret apiKey,
            @NullIfEmpty @Format(TextFormat.MODEL) String model,
            @Format(TextFormat.NAME) String name,
            @Range(max = 1024) int concurrency,
            @Range(max = 10_000) int requestsPerMinute,
            AmbiguityPolicy onAmbiguous,
            @Range(max = 4000) int maxPromptLength,
            @Range(max = 2048) int maxSide,
            @Range(max = 4) int maxCount,
            @Format(TextFormat.SIZES) List<String> sizes,
            @Format(TextFormat.IMAGE_FORMATS) List<String> imageFormats,
            boolean readLimits,
            Duration timeout,
            Duration connectTimeout,

            @Range(min = SettingRules.KIB, max = SettingRules.GIB)
            int maxResponseBytes,

            @Range(min = SettingRules.KIB, max = SettingRules.GIB)
            int maxImageBytes,

            @Range(min = 1, max = 10) int downloadAttempts,
            @Range(max = 20) int maxRedirects,
            @Networks List<String> downloadNetworks,
            Set<RequestField> requestFields,
            PromptSanitizing promptSanitizing,
            @Format(TextFormat.INPUT_FIELDS) String inputFields,
            @DurationRange(min = "50ms", max = "1m") Duration pollInterval,
            @NullIfEmpty @PathOf("a file") Path parametersSchema,
            @NullIfEmpty @PathOf("a file") Path workflow,
            Breaker breaker) {

        /** Returns the path of a free GET below the URL, with a leading slash; null for none. */
        public String healthCheckPath() {
            String path = breaker.healthCheckPath();
            return Breaker.AUTO.equals(path) ? type.healthCheckPath : path;
        }

        /** Returns whether an optional field is sent, for protocols in which no model name decides. */
        public boolean sends(RequestField field) {
            return requestFields == null || requestFields.contains(field);
        }

        /** Returns whether an attempt is repeated when it is unknown whether the AI server did the work. */
        public boolean repeatsAmbiguous() {
            return onAmbiguous == AmbiguityPolicy.AUTO ? !type.metered(url) : onAmbiguous == AmbiguityPolicy.RETRY;
        }
    }

    /** Protocol of an AI server. */
    public enum BackendType {
        OPENAI("/models"),
        AUTOMATIC1111("/sdapi/v1/samplers"),
        CALLBACK(null),
        COG("/health-check"),
        COMFYUI("/system_stats"),
        REPLICATE("/v1/account");

        /** Hosts of metered services with the OpenAI protocol. */
        private static final Pattern METERED_HOST = Pattern.compile(
                "api\\.openai\\.com|.+\\.openai\\.azure\\.com|.+\\.cognitiveservices\\.azure\\.com",
                Pattern.CASE_INSENSITIVE);

        private final String healthCheckPath;

        BackendType(String healthCheckPath) {
            this.healthCheckPath = healthCheckPath;
        }

        /**
         * Returns whether every generation costs money.
         *
         * @param url null for the bundled simulator
         */
        boolean metered(URI url) {
            return this == REPLICATE
                    || this == OPENAI
                            && url != null
                            && METERED_HOST.matcher(url.getHost()).matches();
        }
    }

    /** Handling of a submission with an unknown outcome that cannot be looked up. */
    public enum AmbiguityPolicy {
        /** {@link #FAIL} for metered AI servers, {@link #RETRY} for others. */
        AUTO,
        /** Submits again. The work may be done twice. */
        RETRY,
        /** Fails the generation with {@code OUTCOME_UNKNOWN}. */
        FAIL
    }

    /**
     * Model that requests may name.
     *
     * @param route key of its generations in the queue
     * @param name null when the AI server chooses the model
     * @param targets where its generations are made; not empty. All have a weight, or none has one
     */
    public record Model(String route, String name, List<Target> targets) {
        public Model {
            targets = List.copyOf(targets);
        }

        /** Returns whether the targets share the generations by weight. Otherwise the first available one gets them. */
        public boolean weighted() {
            return targets.get(0).weight() != null;
        }
    }

    /**
     * Backend that makes the generations of a model.
     *
     * @param backend name of the backend
     * @param model name of the model at the AI server; null when the AI server chooses
     * @param weight share of the generations, 1 to 1000; null in a list by order
     */
    public record Target(String backend, String model, Integer weight) {}

    /**
     * HTTP clients of all outbound calls.
     *
     * @param maxHeaderBytes maximum size of the head of a response
     */
    public record Outbound(
            @Range(min = 8 * SettingRules.KIB, max = SettingRules.MIB)
            int maxHeaderBytes) {}

    /** Request field that some AI servers reject. */
    public enum RequestField {
        N,
        SIZE,
        NEGATIVE_PROMPT,
        SEED,
        RESPONSE_FORMAT;

        /** Returns the name of the field in requests and in the setting. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Handling of control sequences in prompts that some AI servers execute. */
    public enum PromptSanitizing {
        REPLACE,
        PASS
    }

    /**
     * Circuit breaker of calls to the AI server.
     *
     * @param openDuration first open time
     * @param maxOpenDuration longest open time
     * @param healthCheckPath path below the AI server's URL, with a leading slash; {@link #AUTO} for that of the type; null for none
     */
    public record Breaker(
            Duration window,
            @Range(min = 1, max = 10_000) int minimumCalls,
            @Range(min = 1, max = 100) int failurePercent,
            @Range(min = 1, max = 10_000) int connectionFailures,
            Duration slowCallDuration,
            @Range(min = 1, max = 100) int slowCallPercent,
            Duration openDuration,
            Duration maxOpenDuration,
            @Range(min = 1, max = 100) int halfOpenCalls,
            @NullIfEmpty @Format(TextFormat.URL_PATH) String healthCheckPath) {
        static final String AUTO = "auto";
    }

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
            Duration longTransactionWarning) {

        /** Returns the URL without a pooler, for uses that need a session. Null for the embedded server. */
        public DatabaseUrl unpooledUrl() {
            return directUrl == null ? url : directUrl;
        }
    }

    public record Node(Duration heartbeatInterval, Duration ttl, Duration reapInterval) {}

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
            @Range(max = 4096) int concurrency,
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
