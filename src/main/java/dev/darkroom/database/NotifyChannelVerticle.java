package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/** Opens and closes the {@link NotifyChannel} of a process, which runs on the context of this verticle. One instance per process. */
public final class NotifyChannelVerticle extends VerticleBase {
    private final DatabaseUrl url;
    private final Settings.Database settings;
    private volatile NotifyChannel channel;

    /** @param url the server itself, not a pooler; see {@link NotifyChannel#open} */
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

    /** Returns the channel; null before the verticle has started. */
    public NotifyChannel channel() {
        return channel;
    }
}
