package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/** Owns the {@link NotifyChannel} of a process, which run on its context. One instance per process. */
public final class NotifyChannelVerticle extends VerticleBase {
    private final DatabaseUrl url;
    private final Settings.Database settings;
    private volatile NotifyChannel channel;

    /** @param url of the server itself, see {@link NotifyChannel#open} */
    public NotifyChannelVerticle(DatabaseUrl url, Settings.Database settings) {
        this.url = url;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        channel = NotifyChannel.open(vertx, url, settings);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return channel.close();
    }

    /** Null before the start. */
    public NotifyChannel channel() {
        return channel;
    }
}
