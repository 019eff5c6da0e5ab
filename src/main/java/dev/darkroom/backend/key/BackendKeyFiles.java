package dev.darkroom.backend.key;

import dev.darkroom.config.BackendKeySource;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of API keys. Reads them at the start and then periodically on a worker thread, so that a changed key is used without a restart.
 * Compares contents, because a file that a secret manager replaces may keep its time and size. Thread-safe.
 */
public final class BackendKeyFiles {
    private static final Logger LOG = LoggerFactory.getLogger(BackendKeyFiles.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final int MAX_BYTES = 8 * 1024;

    private final String backend;
    private final BackendKeyRing ring;
    private final Map<BackendKey, Path> files = new LinkedHashMap<>();
    private Runnable stopTimer = () -> {};

    private BackendKeyFiles(BackendSettings settings, BackendKeyRing ring) {
        this.backend = settings.name();
        this.ring = ring;
        for (BackendKeySource source : settings.keys()) {
            BackendKey key = ring.add(source.name(), source.value());
            if (source.file() != null) {
                files.put(key, source.file());
            }
        }
    }

    /** Adds the keys of the settings to an empty ring. Blocks on file access. A key without a usable file is missing. */
    public static BackendKeyFiles load(BackendSettings settings, BackendKeyRing ring) {
        BackendKeyFiles keyFiles = new BackendKeyFiles(settings, ring);
        keyFiles.files.forEach((key, file) ->
                read(file).ifPresentOrElse(secret -> ring.replace(key, secret), () -> keyFiles.logMissing(key, file)));
        return keyFiles;
    }

    /** Starts the periodic checks. */
    public void start(Vertx vertx, WorkerExecutor workers) {
        if (!files.isEmpty()) {
            long timer = vertx.setPeriodic(
                    INTERVAL.toMillis(),
                    fired -> workers.executeBlocking(() -> {
                        readAll();
                        return null;
                    }));
            stopTimer = () -> vertx.cancelTimer(timer);
        }
    }

    /** Stops the periodic checks. */
    public void stop() {
        stopTimer.run();
    }

    /** Reads the files and replaces the changed keys. Blocks. */
    void readAll() {
        files.forEach((key, file) -> {
            Optional<Secret> secret = read(file);
            if (secret.isPresent() && ring.replace(key, secret.get())) {
                LOG.atInfo()
                        .addKeyValue("backend", backend)
                        .addKeyValue("apiKey", key.name())
                        .log("api key replaced");
            } else if (secret.isEmpty() && ring.remove(key)) {
                logMissing(key, file);
            }
        });
    }

    private void logMissing(BackendKey key, Path file) {
        LOG.atWarn()
                .addKeyValue("backend", backend)
                .addKeyValue("apiKey", key.name())
                .addKeyValue("file", file)
                .addKeyValue("reason", Files.exists(file) ? "no key in the file" : "no such file")
                .log("api key missing");
    }

    /** Returns the key in a file; empty when it cannot be read or contains no key. */
    private static Optional<Secret> read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Secret.ofApiKey(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.atDebug()
                    .addKeyValue("file", file)
                    .addKeyValue("reason", e.toString())
                    .log("api key file not read");
            return Optional.empty();
        }
    }
}
