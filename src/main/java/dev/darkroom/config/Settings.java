package dev.darkroom.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * All settings of one process: parsed once, validated, immutable. What each one means, its unit and its reason stand in
 * {@code conf/darkroom.yaml}; the names here are the names there. {@code toString} never shows a secret.
 *
 * @param publicUrl without a trailing slash; null means the address listened on
 * @param dataDir absolute
 * @param imageDir absolute
 */
public record Settings(
        URI publicUrl,
        Path dataDir,
        Path imageDir,
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
        Outbound outbound,
        Database database,
        Node node,
        Retention retention,
        Webhooks webhooks,
        Cluster cluster,
        Shutdown shutdown,
        Log log) {

    /** Whether callers must say who they are. */
    public enum AuthMode {
        /** No: everybody is the same user. */
        LOCAL,
        REQUIRED
    }

    /**
     * The tokens of an issuer elsewhere.
     *
     * @param issuer null when no tokens are accepted; then all others but {@code clockSkew} and {@code userClaim} are null too
     * @param jwksUrl null when there is a {@code publicKeyFile}
     * @param publicKeyFile absolute; null when there is a {@code jwksUrl}
     * @param clockSkew whole seconds
     * @param adminClaim null when no token is an admin's
     * @param adminValue null exactly when {@code adminClaim} is
     */
    public record Jwt(
            String issuer,
            String audience,
            URI jwksUrl,
            Path publicKeyFile,
            Duration clockSkew,
            String userClaim,
            String adminClaim,
            String adminValue) {

        /** Whether tokens are accepted at all. */
        public boolean accepted() {
            return issuer != null;
        }
    }
    /** @param lifetime how long a picture link is good at least */
    public record ImageUrls(Duration lifetime) {}

    /**
     * The API's port.
     *
     * @param corsOrigins whose pages may read answers: scheme, host and port each, or an asterisk; may be empty
     * @param allowedHosts further host names that are answered for without authentication, in lower case; may be empty
     */
    public record Http(
            String host,
            int port,
            int maxBodyBytes,
            Duration idleTimeout,
            Duration requestTimeout,
            List<String> corsOrigins,
            List<String> allowedHosts,
            Tls tls) {}

    /**
     * Who the API's server is.
     *
     * @param certFile absolute; in PEM, with the certificates in between. Null where HTTP is spoken in the clear
     * @param keyFile absolute; in PEM. Null exactly when {@code certFile} is
     * @param reloadInterval how often is looked whether they have changed
     */
    public record Tls(Path certFile, Path keyFile, Duration reloadInterval) {

        /** Whether TLS is spoken at all. */
        public boolean isEnabled() {
            return certFile != null;
        }
    }

    /**
     * Connections that others open.
     *
     * @param max of this process; what the operating system allows may be less
     * @param perAddress of one address; 0 for no limit
     * @param http2ClearText whether HTTP/2 is spoken without TLS
     */
    public record Connections(int max, int perAddress, boolean http2ClearText) {}

    public record Management(String host, int port) {}

    public record Simulator(int port, Duration latency) {}

    /**
     * The HTTP edge.
     *
     * @param instances how many HTTP verticles, already resolved to a number
     */
    public record Api(int instances, Duration replyTimeout) {}

    /**
     * How often callers may ask.
     *
     * @param requestsPerSecond of a user; 0 for no limit
     * @param failedLoginsPerMinute of an address in a minute; 0 for no limit
     * @param anonymousPerSecond of an address that presents no credentials; 0 for no limit
     */
    public record Limits(
            int requestsPerSecond, int burst, int failedLoginsPerMinute, int anonymousPerSecond, int anonymousBurst) {}

    /**
     * The life of a generation and the limits of a request.
     *
     * @param instances how many generation verticles, already resolved to a number
     * @param maxPendingPerUser 0 for no limit, as the next one
     */
    public record Generation(
            int instances,
            Duration deadline,
            int defaultWidth,
            int defaultHeight,
            int defaultCount,
            int maxPromptLength,
            int maxSide,
            int maxCount,
            Duration maxWait,
            int maxPendingPerUser,
            int maxPerDayPerUser,
            int maxQueueSize) {}

    /**
     * What users are told.
     *
     * @param retention how long it is kept at least
     * @param pollInterval how long what is new may go unnoticed when its hint gets lost
     */
    public record Notifications(Duration retention, Duration pollInterval) {}

    /**
     * What stays open: event streams and sockets.
     *
     * @param perUser of one user in this process
     * @param perProcess of all
     * @param connectsPerSecond how many come in a second at most
     * @param connectsPerSecondPerAddress how many come from one address in a second at most; 0 for no limit
     * @param revalidateInterval how often rights are looked at again
     * @param slowConsumerTimeout with readers who do not read
     */
    public record Streams(
            int perUser,
            int perProcess,
            int connectsPerSecond,
            int connectsPerSecondPerAddress,
            Duration revalidateInterval,
            Duration slowConsumerTimeout) {}

    public record Worker(int concurrency, Duration pollInterval) {}

    public record Retry(
            Duration initialDelay,
            Duration maxDelay,
            int maxAttempts,
            int maxUncountedAttempts,
            int maxLostAttempts,
            Duration maxRetryAfter) {}

    /**
     * The AI server.
     *
     * @param url null means the bundled simulator; without a trailing slash, ends in {@code /v1}
     * @param apiKey {@link Secret#NONE} when there is none
     * @param model null leaves the choice to the AI server
     * @param downloadNetworks where pictures may be downloaded from beside public addresses and the AI server itself
     * @param requestFields the optional fields that requests carry; null leaves the choice to the model's name
     */
    public record Backend(
            URI url,
            Secret apiKey,
            String model,
            String name,
            Duration timeout,
            Duration connectTimeout,
            int maxResponseBytes,
            int maxImageBytes,
            int downloadAttempts,
            int maxRedirects,
            List<String> downloadNetworks,
            Set<RequestField> requestFields,
            PromptSanitizing promptSanitizing,
            Breaker breaker) {}

    /**
     * The HTTP client of all outbound calls.
     *
     * @param maxHeaderBytes the largest head of an answer
     */
    public record Outbound(int maxHeaderBytes) {}

    /** A field of a request that not every AI server takes. */
    public enum RequestField {
        N("n"),
        SIZE("size"),
        NEGATIVE_PROMPT("negative_prompt"),
        SEED("seed"),
        RESPONSE_FORMAT("response_format");

        private final String text;

        RequestField(String text) {
            this.text = text;
        }

        /** As it is written in the request and in the setting. */
        public String text() {
            return text;
        }
    }

    /** What becomes of that in a prompt which some AI servers take for orders. */
    public enum PromptSanitizing {
        REPLACE,
        PASS
    }

    /**
     * When calls stop and how they begin again.
     *
     * @param openDuration the first open time
     * @param maxOpenDuration the longest open time
     * @param healthCheckPath a path below the AI server's URL, with a leading slash; null for none
     */
    public record Breaker(
            Duration window,
            int minimumCalls,
            int failurePercent,
            int connectionFailures,
            Duration slowCallDuration,
            int slowCallPercent,
            Duration openDuration,
            Duration maxOpenDuration,
            int halfOpenCalls,
            String healthCheckPath) {}

    /**
     * PostgreSQL and how its connections are used.
     *
     * @param url null means the embedded server
     * @param directUrl null when {@code url} is the server itself and no pooler
     */
    public record Database(
            DatabaseUrl url,
            DatabaseUrl directUrl,
            int poolSize,
            int maxWaitQueueSize,
            Duration connectTimeout,
            Duration statementTimeout,
            Duration lockTimeout,
            Duration idleInTransactionTimeout,
            Duration longTransactionWarning) {

        /** The server itself, past any pooler: for what needs a session of its own. Null means the embedded server. */
        public DatabaseUrl unpooledUrl() {
            return directUrl == null ? url : directUrl;
        }
    }

    public record Node(Duration heartbeatInterval, Duration ttl, Duration reapInterval) {}

    /**
     * What is deleted, and when.
     *
     * @param generations null keeps generations for ever
     * @param attempts null keeps attempts as long as their generations
     * @param orphanedFiles null keeps picture files without a row
     */
    public record Retention(Duration generations, Duration attempts, Duration orphanedFiles, Duration interval) {}

    /**
     * What is delivered to servers of users.
     *
     * @param concurrency deliveries at once; 0 when this process sends none
     * @param retryDelays how long to wait after the first, second ... failure; not empty
     * @param timeout of one attempt, from the lookup of the name to the last byte
     * @param maxPerUser how many endpoints a user may have
     * @param previousSecretTtl how long the secret before signs too
     * @param allowedNetworks what may be called beside public addresses, each with its bits; may be empty
     * @param allowHttp whether receivers may be called in the clear
     * @param allowedPorts what may be called; empty for any port
     */
    public record Webhooks(
            int concurrency,
            Duration pollInterval,
            List<Duration> retryDelays,
            Duration timeout,
            int maxPerUser,
            Duration previousSecretTtl,
            List<String> allowedNetworks,
            boolean allowHttp,
            List<Integer> allowedPorts) {}

    /**
     * The clustered event bus.
     *
     * @param host no wildcard
     * @param members each {@code host:port}; may be empty
     * @param kubernetesService null when members are not looked up by DNS
     */
    public record Cluster(
            boolean enabled,
            String host,
            int port,
            int busPort,
            List<String> members,
            String kubernetesService,
            String name) {}

    public record Shutdown(Duration gracePeriod) {}

    /** @param format {@code text} or {@code json} */
    public record Log(String format) {
        public boolean json() {
            return format.equals("json");
        }
    }
}
