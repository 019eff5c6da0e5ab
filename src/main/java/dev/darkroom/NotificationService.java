package dev.darkroom;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.notification.Announcer;
import dev.darkroom.notification.HubVerticle;
import dev.darkroom.notification.NotificationVerticle;
import dev.darkroom.notification.PartitionVerticle;
import dev.darkroom.notification.RecordStore;
import dev.darkroom.notification.StreamHub;
import io.vertx.core.Vertx;
import java.util.List;

/**
 * Puts together what tells users of what happens.
 *
 * @param hub of those who listen
 * @param records where what they are told is written
 * @param webhooks what tells servers of theirs
 */
record NotificationService(StreamHub hub, RecordStore records, WebhookService webhooks) {

    static NotificationService deploy(
            Vertx vertx, Settings settings, Lifecycle lifecycle, Database database, Hints hints) throws Exception {
        Settings.Notifications its = settings.notifications();
        HubVerticle owner = new HubVerticle(database, hints, its.poll());
        lifecycle.deploy(vertx, "hub", owner);
        StreamHub hub = owner.hub();
        WebhookService webhooks = WebhookService.open(vertx, settings, lifecycle, database, hints);
        RecordStore records = new RecordStore(List.of(webhooks.queue()), new Announcer(vertx, hub, hints));
        lifecycle.deploy(vertx, "partitions", new PartitionVerticle(database, its.retention()));
        lifecycle.deploy(
                vertx,
                "notification",
                settings.generation().instances(),
                () -> new NotificationVerticle(database, hub, hints));
        return new NotificationService(hub, records, webhooks);
    }
}
