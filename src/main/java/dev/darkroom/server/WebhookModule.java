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
import dev.darkroom.webhook.DeliveryRetentionVerticle;
import dev.darkroom.webhook.WebhookSenderVerticle;
import dev.darkroom.webhook.command.WebhookCommandVerticle;
import io.vertx.core.Vertx;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts together what tells servers of users. */
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
        Settings.Webhooks its = settings.webhooks();
        this.vertx = vertx;
        this.settings = settings;
        this.processLifecycle = processLifecycle;
        this.database = database;
        this.notifyChannel = notifyChannel;
        this.egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(its.allowedNetworks(), its.allowHttp(), its.allowedPorts()),
                new DnsHostResolver(vertx, false));
        this.httpClient = new GuardedHttpClient(
                vertx, egressPolicy, its.timeout(), settings.outbound().maxHeaderBytes());
        String source = settings.publicUrl() == null
                ? "urn:darkroom"
                : settings.publicUrl().toString();
        this.enqueueStore =
                new DeliveryEnqueueStore(source, () -> DeliveryEnqueueStore.wakeSenders(vertx, notifyChannel));
    }

    /** What is needed before anything is recorded. */
    static WebhookModule open(
            Vertx vertx,
            Settings settings,
            ProcessLifecycle processLifecycle,
            Database database,
            NotifyChannel notifyChannel) {
        WebhookModule service = new WebhookModule(vertx, settings, processLifecycle, database, notifyChannel);
        processLifecycle.addStopStep("webhook calls", service.httpClient::close);
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
    NotificationWriteListener enqueueStore() {
        return enqueueStore;
    }

    /** Judges URLs that requests name. */
    EgressPolicy egressPolicy() {
        return egressPolicy;
    }

    /** @param records where users are told that an endpoint was disabled */
    void deploy(LocalNode localNode, NotificationWriter records) throws Exception {
        processLifecycle.deploy(
                vertx,
                "webhook clearance",
                new DeliveryRetentionVerticle(
                        database,
                        settings.notifications().retention(),
                        settings.retention().interval()));
        processLifecycle.deploy(
                vertx,
                "webhook",
                settings.generation().instances(),
                () -> new WebhookCommandVerticle(
                        database, enqueueStore, egressPolicy, httpClient, settings.webhooks()));
        if (settings.webhooks().concurrency() > 0) {
            String sender = await(vertx.deployVerticle(
                    new WebhookSenderVerticle(localNode, database, records, httpClient, notifyChannel, settings)));
            processLifecycle.addStopStep("sender", settings.shutdown().gracePeriod(), () -> vertx.undeploy(sender));
        }
    }
}
