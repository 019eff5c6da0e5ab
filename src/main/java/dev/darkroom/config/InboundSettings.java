package dev.darkroom.config;

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
import java.util.List;

/** Sections of {@link Settings} about inbound connections and requests. */
public final class InboundSettings {
    private InboundSettings() {}

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
            @NullIfEmpty @Format(TextFormat.CLAIM) String issuer,
            @NullIfEmpty @Format(TextFormat.CLAIM) String audience,
            @NullIfEmpty @HttpUrl(exact = true) URI jwksUrl,
            @NullIfEmpty @PathOf("a file") Path publicKeyFile,
            // Longer values would hide a wrong clock.
            @DurationRange(min = "0ms", max = "10m", wholeSeconds = true)
            Duration clockSkew,

            @Format(TextFormat.CLAIM) String userClaim,
            @NullIfEmpty @Format(TextFormat.CLAIM) String adminClaim,
            @NullIfEmpty @Format(TextFormat.CLAIM) String adminValue) {

        /** Returns whether tokens are accepted. */
        public boolean accepted() {
            return issuer != null;
        }
    }

    /** @param lifetime minimum lifetime of a signed image URL */
    public record ImageUrls(
            @DurationRange(min = "4s", max = "8784h") Duration lifetime) {}

    /**
     * HTTP server of the API.
     *
     * @param corsOrigins scheme, host and port each, or one asterisk; may be empty
     * @param allowedHosts additional host names for requests without authentication, in lower case; may be empty
     */
    public record Http(
            @Format(TextFormat.HOST) String host,
            @Range(max = SettingRules.MAX_PORT) int port,

            @Range(min = SettingRules.KIB, max = 16 * SettingRules.MIB)
            int maxBodyBytes,

            Duration idleTimeout,
            Duration requestTimeout,
            @Format(TextFormat.ORIGINS) List<String> corsOrigins,
            @Format(TextFormat.HOST_NAMES) List<String> allowedHosts,
            Tls tls) {}

    /**
     * TLS of the API's HTTP server.
     *
     * @param certFile absolute path of a PEM file with the certificate chain; null for plain HTTP
     * @param keyFile absolute path of a PEM file; null exactly when {@code certFile} is null
     * @param reloadInterval interval of checks for changed files
     */
    public record Tls(
            @NullIfEmpty @PathOf("a file") Path certFile,
            @NullIfEmpty @PathOf("a file") Path keyFile,
            Duration reloadInterval) {

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
    public record Connections(
            @Range(min = 1, max = SettingRules.MILLION) int max,
            @Range(max = SettingRules.MILLION) int perAddress,
            boolean http2ClearText) {}

    public record Management(
            @Format(TextFormat.HOST) String host,
            @Range(max = SettingRules.MAX_PORT) int port) {}

    /**
     * HTTP verticles.
     *
     * @param instances number of HTTP verticles; the default is resolved
     */
    public record Api(
            @Range(min = 1, max = SettingRules.MAX_INSTANCES, processorsIfEmpty = true)
            int instances,

            Duration replyTimeout) {}

    /**
     * Pages for browsers on the port of the API.
     *
     * @param enabled whether the pages are served
     */
    public record Web(boolean enabled) {}

    /**
     * Images that requests are based on: uploads, and images fetched from URLs.
     *
     * @param maxBytes maximum size of one image
     * @param maxPixels maximum product of width and height
     * @param uploadTtl time for which requests may name an upload
     * @param uploadTimeout time for an upload to arrive
     * @param allowedNetworks networks of URLs in addition to public addresses; may be empty
     * @param allowHttp whether URLs may be http URLs
     */
    public record InputImages(
            @Range(min = SettingRules.KIB, max = 64 * SettingRules.MIB)
            int maxBytes,

            @Range(min = 4096, max = 256 * SettingRules.MILLION)
            int maxPixels,

            @DurationRange(min = "1s", max = SettingRules.MAX_AGE)
            Duration uploadTtl,

            Duration uploadTimeout,
            @Range(min = 1, max = 10_000) int maxUploadsPerUser,

            @Range(min = SettingRules.KIB, max = SettingRules.GIB)
            int maxUploadBytesPerUser,

            @Networks List<String> allowedNetworks,
            boolean allowHttp) {}

    /**
     * Rate limits of requests.
     *
     * @param requestsPerSecond per user; 0 for no limit
     * @param failedLoginsPerMinute per client address; 0 for no limit
     * @param anonymousPerSecond per client address, for requests without credentials; 0 for no limit
     */
    public record Limits(
            @Range(max = SettingRules.MILLION) int requestsPerSecond,
            @Range(min = 1, max = SettingRules.MILLION) int burst,
            @Range(max = SettingRules.MILLION) int failedLoginsPerMinute,
            @Range(max = SettingRules.MILLION) int anonymousPerSecond,
            @Range(min = 1, max = SettingRules.MILLION) int anonymousBurst) {}

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
            @Range(min = 1, max = 100_000) int perUser,
            @Range(min = 1, max = SettingRules.MILLION) int perProcess,
            @Range(min = 1, max = SettingRules.MILLION) int connectsPerSecond,
            @Range(max = SettingRules.MILLION) int connectsPerSecondPerAddress,
            Duration revalidateInterval,
            @DurationRange(min = "1s", max = "10m") Duration slowConsumerTimeout) {}

    /**
     * OpenAI-compatible API.
     *
     * @param jsonKeepAlive interval of white space before a JSON body; zero for none
     */
    public record OpenAi(
            @DurationRange(min = "0s", max = "10m", wholeSeconds = true)
            Duration jsonKeepAlive) {}
}
