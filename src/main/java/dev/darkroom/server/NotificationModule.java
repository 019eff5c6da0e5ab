package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.NotificationPartitionVerticle;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.notification.command.NotificationCommandVerticle;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.notification.stream.NotificationHubVerticle;
import dev.darkroom.notification.stream.NotificationPublisher;
import io.vertx.core.Vertx;
import java.util.List;

/**
 * Puts together what tells users of what happens.
 *
 * @param hub of those who listen
 * @param notificationWriter where what they are told is written
 * @param webhooks what tells servers of theirs
 */
record NotificationModule(NotificationHub hub, NotificationWriter notificationWriter, WebhookModule webhooks) {

    static NotificationModule deploy(
            Vertx vertx,
            Settings settings,
            ProcessLifecycle processLifecycle,
            Database database,
            NotifyChannel notifyChannel)
            throws Exception {
        Settings.Notifications its = settings.notifications();
        NotificationHubVerticle owner = new NotificationHubVerticle(database, notifyChannel, its.pollInterval());
        processLifecycle.deploy(vertx, "hub", owner);
        NotificationHub hub = owner.hub();
        WebhookModule webhooks = WebhookModule.open(vertx, settings, processLifecycle, database, notifyChannel);
        NotificationWriter records = new NotificationWriter(
                List.of(webhooks.enqueueStore()), new NotificationPublisher(vertx, hub, notifyChannel));
        processLifecycle.deploy(vertx, "partitions", new NotificationPartitionVerticle(database, its.retention()));
        processLifecycle.deploy(
                vertx,
                "notification",
                settings.generation().instances(),
                () -> new NotificationCommandVerticle(database, hub, notifyChannel));
        return new NotificationModule(hub, records, webhooks);
    }
}
