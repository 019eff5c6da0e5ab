package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/** Owns the {@link Hints} of a process, which run on its context. One instance per process. */
public final class HintsVerticle extends VerticleBase {
    private final DatabaseUrl url;
    private final Settings.Database settings;
    private volatile Hints hints;

    /** @param url of the server itself, see {@link Hints#open} */
    public HintsVerticle(DatabaseUrl url, Settings.Database settings) {
        this.url = url;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        hints = Hints.open(vertx, url, settings);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return hints.close();
    }

    /** Null before the start. */
    public Hints hints() {
        return hints;
    }
}
