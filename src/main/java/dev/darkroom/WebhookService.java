package dev.darkroom;

import static dev.darkroom.Lifecycle.await;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.egress.Courier;
import dev.darkroom.egress.DnsNames;
import dev.darkroom.egress.Egress;
import dev.darkroom.node.Node;
import dev.darkroom.notification.RecordListener;
import dev.darkroom.notification.RecordStore;
import dev.darkroom.webhook.ClearanceVerticle;
import dev.darkroom.webhook.EnqueueStore;
import dev.darkroom.webhook.SenderVerticle;
import dev.darkroom.webhook.WebhookVerticle;
import io.vertx.core.Vertx;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts together what tells servers of users. */
final class WebhookService {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookService.class);

    private final Vertx vertx;
    private final Settings settings;
    private final Lifecycle lifecycle;
    private final Database database;
    private final Hints hints;
    private final Egress egress;
    private final Courier courier;
    private final EnqueueStore queue;

    private WebhookService(Vertx vertx, Settings settings, Lifecycle lifecycle, Database database, Hints hints) {
        Settings.Webhooks its = settings.webhooks();
        this.vertx = vertx;
        this.settings = settings;
        this.lifecycle = lifecycle;
        this.database = database;
        this.hints = hints;
        this.egress = new Egress(
                new Egress.Rules(its.allowedNetworks(), its.allowHttp(), its.allowedPorts()),
                new DnsNames(vertx, false));
        this.courier =
                new Courier(vertx, egress, its.timeout(), settings.outbound().maxHeaderBytes());
        String source = settings.publicUrl() == null
                ? "urn:darkroom"
                : settings.publicUrl().toString();
        this.queue = new EnqueueStore(source, () -> EnqueueStore.wake(vertx, hints));
    }

    /** What is needed before anything is recorded. */
    static WebhookService open(Vertx vertx, Settings settings, Lifecycle lifecycle, Database database, Hints hints) {
        WebhookService service = new WebhookService(vertx, settings, lifecycle, database, hints);
        lifecycle.started("webhook calls", service.courier::close);
        Settings.Webhooks its = settings.webhooks();
        if (!its.allowedNetworks().isEmpty() || its.allowHttp()) {
            LOG.atWarn()
                    .addKeyValue("networks", String.join(",", its.allowedNetworks()))
                    .addKeyValue("http", its.allowHttp())
                    .log("webhooks may call receivers that are not on the public internet, or in the clear");
        }
        return service;
    }

    /** Told of what is recorded. */
    RecordListener queue() {
        return queue;
    }

    /** Judges URLs that requests name. */
    Egress egress() {
        return egress;
    }

    /** @param records where users are told that an endpoint was disabled */
    void deploy(Node node, RecordStore records) throws Exception {
        lifecycle.deploy(
                vertx,
                "webhook clearance",
                new ClearanceVerticle(
                        database,
                        settings.notifications().retention(),
                        settings.retention().interval()));
        lifecycle.deploy(
                vertx,
                "webhook",
                settings.generation().instances(),
                () -> new WebhookVerticle(database, queue, egress, courier, settings.webhooks()));
        if (settings.webhooks().atOnce() > 0) {
            String sender =
                    await(vertx.deployVerticle(new SenderVerticle(node, database, records, courier, hints, settings)));
            lifecycle.started("sender", settings.shutdown().grace(), () -> vertx.undeploy(sender));
        }
    }
}
