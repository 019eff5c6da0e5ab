package dev.darkroom.server;

import dev.darkroom.api.generation.GenerationPresenter;
import dev.darkroom.api.generation.GenerationResponder;
import dev.darkroom.api.replicate.PredictionJson;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.egress.DnsHostResolver;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.node.LocalNode;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.NotificationWriteListener;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import dev.darkroom.webhook.DeliveryMetrics;
import dev.darkroom.webhook.PayloadRenderer;
import dev.darkroom.webhook.WebhookBus;
import dev.darkroom.webhook.WebhookSenderVerticle;
import dev.darkroom.webhook.command.WebhookCommandVerticle;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring of the webhooks. */
final class WebhookModule {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookModule.class);

    private final ServerResources resources;
    private final EgressPolicy egressPolicy;
    private final GuardedHttpClient httpClient;
    private final DeliveryEnqueueStore enqueueStore;

    /** Creates the parts that must exist before notifications are stored. {@link #deploySender} starts the sender later. */
    WebhookModule(ServerResources resources, CloudEventFactory cloudEvents) {
        Settings settings = resources.settings();
        Settings.Webhooks webhooks = settings.webhooks();
        this.resources = resources;
        this.egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(webhooks.allowedNetworks(), webhooks.allowHttp(), webhooks.allowedPorts()),
                new DnsHostResolver(resources.vertx(), false));
        this.httpClient = new GuardedHttpClient(
                resources.vertx(),
                egressPolicy,
                webhooks.timeout(),
                settings.outbound().maxHeaderBytes());
        resources.processLifecycle().addStopStep("webhook client", httpClient::close);
        this.enqueueStore =
                new DeliveryEnqueueStore(cloudEvents, () -> WebhookBus.ENQUEUED.publish(resources.notifyChannel()));
        if (!webhooks.allowedNetworks().isEmpty() || webhooks.allowHttp()) {
            LOG.atWarn()
                    .addKeyValue("networks", String.join(",", webhooks.allowedNetworks()))
                    .addKeyValue("http", webhooks.allowHttp())
                    .log("webhook egress restrictions relaxed");
        }
    }

    /** Enqueues a delivery for each stored notification that a webhook subscribes to. */
    NotificationWriteListener enqueueStore() {
        return enqueueStore;
    }

    /** Validates the receiver URLs in requests. */
    EgressPolicy egressPolicy() {
        return egressPolicy;
    }

    /** Deploys the verticles that execute the commands on webhooks of the API of this process. */
    void deployCommands() throws Exception {
        Settings settings = resources.settings();
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "webhook",
                        settings.api().instances(),
                        () -> new WebhookCommandVerticle(
                                resources.database(), enqueueStore, egressPolicy, httpClient, settings.webhooks()));
    }

    /**
     * Deploys the verticle that sends deliveries.
     *
     * @param notificationWriter stores the notification that a webhook was disabled
     * @param publicUrl returns the base URL of this service for clients
     */
    void deploySender(LocalNode localNode, NotificationWriter notificationWriter, Supplier<String> publicUrl)
            throws Exception {
        Settings settings = resources.settings();
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "webhook sender",
                        settings.shutdown().gracePeriod(),
                        new WebhookSenderVerticle(
                                localNode,
                                resources.database(),
                                notificationWriter,
                                httpClient,
                                resources.notifyChannel(),
                                predictionRenderer(publicUrl),
                                new DeliveryMetrics(resources.metrics().registry()),
                                settings));
    }

    private PayloadRenderer predictionRenderer(Supplier<String> publicUrl) {
        UrlSigningKeys keys =
                new UrlSigningKeys(resources.vertx(), resources.database(), InstantSource.system(), System::nanoTime);
        GenerationResponder responder = new GenerationResponder(
                new GenerationPresenter(publicUrl, InstantSource.system()),
                new ImageUrlSigner(keys, resources.settings().imageUrls().lifetime(), InstantSource.system()));
        GenerationStore generations = new GenerationStore(resources.database());
        return id -> generations
                .find(id, null)
                .compose(found -> found.isEmpty()
                        ? Future.succeededFuture(Optional.empty())
                        : responder
                                .imageUrls(found.get())
                                .map(urls -> PredictionJson.toJson(found.get(), publicUrl.get(), urls))
                                .map(json -> Optional.of(json.toBuffer())));
    }
}
