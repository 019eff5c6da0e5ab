package dev.darkroom.server;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.egress.DnsHostResolver;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.node.LocalNode;
import dev.darkroom.notification.NotificationWriteListener;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import dev.darkroom.webhook.WebhookBus;
import dev.darkroom.webhook.WebhookSenderVerticle;
import dev.darkroom.webhook.command.WebhookCommandVerticle;
import io.vertx.core.Vertx;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring of the webhooks. */
final class WebhookModule {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookModule.class);

    private final Vertx vertx;
    private final Settings settings;
    private final ProcessLifecycle processLifecycle;
    private final Database database;
    private final NotifyChannel notifyChannel;
    private final EgressPolicy egressPolicy;
    private final GuardedHttpClient httpClient;
    private final DeliveryEnqueueStore enqueueStore;

    private WebhookModule(
            Vertx vertx,
            Settings settings,
            ProcessLifecycle processLifecycle,
            Database database,
            NotifyChannel notifyChannel) {
        Settings.Webhooks webhookSettings = settings.webhooks();
        this.vertx = vertx;
        this.settings = settings;
        this.processLifecycle = processLifecycle;
        this.database = database;
        this.notifyChannel = notifyChannel;
        this.egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(
                        webhookSettings.allowedNetworks(), webhookSettings.allowHttp(), webhookSettings.allowedPorts()),
                new DnsHostResolver(vertx, false));
        this.httpClient = new GuardedHttpClient(
                vertx,
                egressPolicy,
                webhookSettings.timeout(),
                settings.outbound().maxHeaderBytes());
        String source = settings.publicUrl() == null
                ? "urn:darkroom"
                : settings.publicUrl().toString();
        this.enqueueStore = new DeliveryEnqueueStore(source, () -> WebhookBus.ENQUEUED.publish(notifyChannel));
    }

    /** Creates the parts that must exist before notifications are stored. {@link #deploy} starts the senders later. */
    static WebhookModule open(
            Vertx vertx,
            Settings settings,
            ProcessLifecycle processLifecycle,
            Database database,
            NotifyChannel notifyChannel) {
        WebhookModule webhookModule = new WebhookModule(vertx, settings, processLifecycle, database, notifyChannel);
        processLifecycle.addStopStep("webhook client", webhookModule.httpClient::close);
        Settings.Webhooks webhookSettings = settings.webhooks();
        if (!webhookSettings.allowedNetworks().isEmpty() || webhookSettings.allowHttp()) {
            LOG.atWarn()
                    .addKeyValue("networks", String.join(",", webhookSettings.allowedNetworks()))
                    .addKeyValue("http", webhookSettings.allowHttp())
                    .log("webhook egress restrictions relaxed");
        }
        return webhookModule;
    }

    /** Enqueues a delivery for each stored notification that a webhook subscribes to. */
    NotificationWriteListener enqueueStore() {
        return enqueueStore;
    }

    /** Validates the receiver URLs in requests. */
    EgressPolicy egressPolicy() {
        return egressPolicy;
    }

    /** @param notificationWriter stores the notification that a webhook was disabled */
    void deploy(LocalNode localNode, NotificationWriter notificationWriter) throws Exception {
        processLifecycle.deploy(
                vertx,
                "webhook",
                settings.generation().instances(),
                () -> new WebhookCommandVerticle(
                        database, enqueueStore, egressPolicy, httpClient, settings.webhooks()));
        if (settings.webhooks().concurrency() > 0) {
            String deploymentId = await(vertx.deployVerticle(new WebhookSenderVerticle(
                    localNode, database, notificationWriter, httpClient, notifyChannel, settings)));
            processLifecycle.addStopStep(
                    "webhook sender", settings.shutdown().gracePeriod(), () -> vertx.undeploy(deploymentId));
        }
    }
}
