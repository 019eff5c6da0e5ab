package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.image.store.ImageStore;
import io.vertx.core.Vertx;

/** The parts of a process that its modules share. */
record ServerResources(
        Vertx vertx,
        Settings settings,
        ProcessLifecycle processLifecycle,
        Database database,
        NotifyChannel notifyChannel,
        ImageStore images) {}
