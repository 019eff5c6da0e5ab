package dev.darkroom.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * All settings of one process, validated and immutable. {@code conf/darkroom.yaml} documents each setting under the same name,
 * with unit and purpose. {@code toString} redacts secrets. Safe on any thread.
 *
 * @param publicUrl without a trailing slash; null for the bound address
 * @param dataDir absolute path
 * @param imageDir absolute path
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

    /** Authentication of API requests. */
    public enum AuthMode {
        /** No authentication: all requests belong to one user. */
        LOCAL,
        /** Every request needs credentials. */
        REQUIRED
    }

    /**
     * Validation of JSON Web Tokens.
     *
     * @param issuer null when tokens are rejected; then all others except {@code clockSkew} and {@code userClaim} are null too
     * @param jwksUrl null when there is a {@code publicKeyFile}
     * @param publicKeyFile absolute path; null when there is a {@code jwksUrl}
     * @param clockSkew whole seconds
     * @param adminClaim null when no token is an admin's
     * @param adminValue null exactly when {@code adminClaim} is null
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

        /** Returns whether tokens are accepted. */
        public boolean accepted() {
            return issuer != null;
        }
    }

    /** @param lifetime minimum lifetime of a signed image URL */
    public record ImageUrls(Duration lifetime) {}

    /**
     * HTTP server of the API.
     *
     * @param corsOrigins scheme, host and port each, or one asterisk; may be empty
     * @param allowedHosts additional host names for requests without authentication, in lower case; may be empty
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
     * TLS of the API's HTTP server.
     *
     * @param certFile absolute path of a PEM file with the certificate chain; null for plain HTTP
     * @param keyFile absolute path of a PEM file; null exactly when {@code certFile} is null
     * @param reloadInterval interval of checks for changed files
     */
    public record Tls(Path certFile, Path keyFile, Duration reloadInterval) {

        /** Returns whether the API uses TLS. */
        public boolean isEnabled() {
            return certFile != null;
        }
    }

    /**
     * Limits of inbound connections.
     *
     * @param max per process; the file descriptor limit may reduce it
     * @param perAddress per client address; 0 for no limit
     * @param http2ClearText whether HTTP/2 without TLS is accepted
     */
    public record Connections(int max, int perAddress, boolean http2ClearText) {}

    public record Management(String host, int port) {}

    public record Simulator(int port, Duration latency) {}

    /**
     * HTTP verticles.
     *
     * @param instances number of HTTP verticles; the default is resolved
     */
    public record Api(int instances, Duration replyTimeout) {}

    /**
     * Rate limits of requests.
     *
     * @param requestsPerSecond per user; 0 for no limit
     * @param failedLoginsPerMinute per client address; 0 for no limit
     * @param anonymousPerSecond per client address, for requests without credentials; 0 for no limit
     */
    public record Limits(
            int requestsPerSecond, int burst, int failedLoginsPerMinute, int anonymousPerSecond, int anonymousBurst) {}

    /**
     * Defaults and limits of generations.
     *
     * @param instances number of generation verticles; the default is resolved
     * @param maxPendingPerUser 0 for no limit
     * @param maxPerDayPerUser 0 for no limit
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
     * Notifications of users.
     *
     * @param retention minimum time for which notifications are kept
     * @param pollInterval maximum delay of a notification whose NOTIFY is lost
     */
    public record Notifications(Duration retention, Duration pollInterval) {}

    /**
     * Limits of event streams and WebSockets.
     *
     * @param perUser maximum per user and process
     * @param perProcess maximum per process
     * @param connectsPerSecond maximum of new streams per second
     * @param connectsPerSecondPerAddress maximum of new streams per second and client address; 0 for no limit
     * @param revalidateInterval interval of verifying the credentials of open streams again
     * @param slowConsumerTimeout time without progress after which a connection with unsent data is aborted
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
     * AI server and calls to it.
     *
     * @param url without a trailing slash, ends in {@code /v1}; null for the bundled simulator
     * @param apiKey {@link Secret#NONE} when there is none
     * @param model null when the AI server chooses
     * @param downloadNetworks networks for image downloads in addition to public addresses and the AI server; may be empty
     * @param requestFields optional fields to send; null when the model name decides
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
     * HTTP clients of all outbound calls.
     *
     * @param maxHeaderBytes maximum size of the head of a response
     */
    public record Outbound(int maxHeaderBytes) {}

    /** Request field that some AI servers reject. */
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

        /** Returns the name of the field in requests and in the setting. */
        public String text() {
            return text;
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
     * @param healthCheckPath path below the AI server's URL, with a leading slash; null for none
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
     * PostgreSQL and its connections.
     *
     * @param url null for the embedded server
     * @param directUrl null when {@code url} is not a pooler
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
    public record Retention(Duration generations, Duration attempts, Duration orphanedFiles, Duration interval) {}

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
     * Clustered event bus.
     *
     * @param host not a wildcard
     * @param members {@code host:port} each; may be empty
     * @param kubernetesService DNS name; null when DNS is not used
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
