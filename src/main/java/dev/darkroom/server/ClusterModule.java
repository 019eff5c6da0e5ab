package dev.darkroom.server;

import dev.darkroom.backend.executor.BackendEventPublisher;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.cluster.ClusterVerticle;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.notification.NotificationBus;
import java.util.List;

/** Wiring of the membership in the event-bus cluster. */
final class ClusterModule {
    private ClusterModule() {}

    /**
     * Joins the cluster, if it is enabled.
     *
     * @throws StartupException when a cluster port is in use
     */
    static void deploy(ServerResources resources) throws Exception {
        Settings settings = resources.settings();
        Settings.Cluster cluster = settings.cluster();
        if (!cluster.enabled()) {
            return;
        }
        BindErrors.requireFreePort("DARKROOM_CLUSTER", cluster.host(), cluster.port());
        BindErrors.requireFreePort("DARKROOM_CLUSTER_BUS", cluster.host(), cluster.busPort());
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "cluster",
                        new ClusterVerticle(
                                cluster,
                                List.of(GenerationBus.EVENTS, NotificationBus.EVENTS, BackendEventPublisher.ADDRESS),
                                settings.hasRole(NodeRole.API)
                                        && settings.generation().instances() > 0,
                                // A command may wait for a generation to finish.
                                settings.api()
                                        .replyTimeout()
                                        .plus(settings.generation().maxWait())));
    }
}
