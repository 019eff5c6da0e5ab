package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.Vertx;

/** The parts of a process that its modules share. */
record ServerResources(
        Vertx vertx,
        Settings settings,
        ProcessLifecycle processLifecycle,
        ProcessMetrics metrics,
        Database database,
        NotifyChannel notifyChannel,
        ImageStore images) {}
