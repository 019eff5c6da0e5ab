package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.notification.command.NotificationCommandVerticle;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.notification.stream.NotificationHubVerticle;
import dev.darkroom.notification.stream.NotificationPublisher;
import io.vertx.core.Vertx;
import java.util.List;

/**
 * Wiring of the notifications to users, webhooks included.
 *
 * @param hub delivers notifications to the streams of this process
 * @param notificationWriter stores notifications
 * @param webhooks wiring of the webhooks
 */
record NotificationModule(NotificationHub hub, NotificationWriter notificationWriter, WebhookModule webhooks) {

    static NotificationModule deploy(
            Vertx vertx,
            Settings settings,
            ProcessLifecycle processLifecycle,
            Database database,
            NotifyChannel notifyChannel)
            throws Exception {
        NotificationHubVerticle hubVerticle = new NotificationHubVerticle(
                database, notifyChannel, settings.notifications().pollInterval());
        processLifecycle.deploy(vertx, "notification hub", hubVerticle);
        NotificationHub hub = hubVerticle.hub();
        WebhookModule webhooks = WebhookModule.open(vertx, settings, processLifecycle, database, notifyChannel);
        NotificationWriter notificationWriter = new NotificationWriter(
                List.of(webhooks.enqueueStore()), new NotificationPublisher(vertx, hub, notifyChannel));
        processLifecycle.deploy(
                vertx,
                "notification",
                settings.generation().instances(),
                () -> new NotificationCommandVerticle(database, notifyChannel));
        return new NotificationModule(hub, notificationWriter, webhooks);
    }
}
