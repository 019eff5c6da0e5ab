package dev.darkroom.backend.key;

import dev.darkroom.config.BackendKeySource;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.FileErrorMessage;
import dev.darkroom.config.Secret;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /**
     * Content of a file.
     *
     * @param secret null when the file has no key
     * @param reason of a missing key; null for a key
     */
    private record Content(Secret secret, String reason) {}

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
        keyFiles.files.forEach((key, file) -> {
            Content content = read(file);
            if (content.secret() == null) {
                keyFiles.logMissing(key, file, content);
            } else {
                ring.replace(key, content.secret());
            }
        });
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
            Content content = read(file);
            if (content.secret() != null && ring.replace(key, content.secret())) {
                LOG.atInfo()
                        .addKeyValue("backend", backend)
                        .addKeyValue("apiKey", key.name())
                        .log("api key replaced");
            } else if (content.secret() == null && ring.remove(key)) {
                logMissing(key, file, content);
            }
        });
    }

    private void logMissing(BackendKey key, Path file, Content content) {
        LOG.atWarn()
                .addKeyValue("backend", backend)
                .addKeyValue("apiKey", key.name())
                .addKeyValue("file", file)
                .addKeyValue("reason", content.reason())
                .log("api key missing");
    }

    private static Content read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Secret.ofApiKey(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8))
                    .map(secret -> new Content(secret, null))
                    .orElse(new Content(null, "no key in the file"));
        } catch (IOException e) {
            return new Content(null, FileErrorMessage.of(e));
        }
    }
}
