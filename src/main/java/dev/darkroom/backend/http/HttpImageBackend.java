package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.Future;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/** Base of the protocols over HTTP: name, API keys, health check and end of the HTTP client. Thread-safe. */
public abstract class HttpImageBackend implements ImageBackend {
    /** Settings of this AI server. */
    protected final BackendSettings settings;

    /** Client of this AI server; closed by {@link #close}. */
    protected final BackendHttpClient http;

    /** Free requests to this AI server. */
    protected final BackendProbe probe;

    protected HttpImageBackend(BackendSettings settings, BackendHttpClient http) {
        this.settings = settings;
        this.http = http;
        this.probe = new BackendProbe(http, settings);
    }

    /** Returns a base URL without a final path, such as {@code /v1}, and without slashes at its end. */
    protected static URI withoutPath(URI base, String path) {
        return URI.create(base.toString().replaceFirst("(" + Pattern.quote(path) + ")?/*$", ""));
    }

    @Override
    public final String name() {
        return settings.name();
    }

    @Override
    public final List<BackendKeyStatus> keys() {
        return http.keys();
    }

    /** Sends a GET to the health check path of the settings, see {@link BackendProbe#checkHealth(Duration)}. */
    @Override
    public Future<HealthCheckResult> checkHealth(Duration timeout) {
        return probe.checkHealth(timeout);
    }

    @Override
    public Future<Void> close() {
        return http.close();
    }
}
