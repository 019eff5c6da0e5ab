package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.kafka.EventEnqueueStore;
import dev.darkroom.node.DatabaseTime;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.notification.command.NotificationCommandVerticle;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.notification.stream.NotificationHubVerticle;
import dev.darkroom.notification.stream.NotificationPublisher;
import dev.darkroom.notification.stream.NotificationStreamMetrics;
import java.util.List;

/**
 * Wiring of the notifications to users, webhooks included.
 *
 * @param hub delivers notifications to the streams of this process
 * @param notificationWriter stores notifications
 * @param webhooks wiring of the webhooks
 */
record NotificationModule(NotificationHub hub, NotificationWriter notificationWriter, WebhookModule webhooks) {

    /** @param databaseTime of the heartbeats */
    static NotificationModule deploy(ServerResources resources, DatabaseTime databaseTime) throws Exception {
        Settings settings = resources.settings();
        NotificationHubVerticle hubVerticle = new NotificationHubVerticle(
                resources.database(),
                resources.notifyChannel(),
                settings.notifications().pollInterval(),
                new NotificationStreamMetrics(resources.metrics().registry(), databaseTime::since));
        resources.processLifecycle().deploy(resources.vertx(), "notification hub", hubVerticle);
        NotificationHub hub = hubVerticle.hub();
        CloudEventFactory cloudEvents = new CloudEventFactory(
                settings.publicUrl() == null
                        ? "urn:darkroom"
                        : settings.publicUrl().toString());
        WebhookModule webhooks = new WebhookModule(resources, cloudEvents);
        NotificationWriter notificationWriter = new NotificationWriter(
                List.of(
                        webhooks.enqueueStore(),
                        new EventEnqueueStore(
                                cloudEvents, () -> EventEnqueueStore.ADDED.publish(resources.notifyChannel()))),
                new NotificationPublisher(resources.vertx(), hub, resources.notifyChannel()));
        return new NotificationModule(hub, notificationWriter, webhooks);
    }

    /** Deploys the verticles that execute the commands of the API of this process. */
    void deployCommands(ServerResources resources) throws Exception {
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "notification",
                        resources.settings().api().instances(),
                        () -> new NotificationCommandVerticle(resources.database(), resources.notifyChannel()));
        webhooks.deployCommands();
    }
}
