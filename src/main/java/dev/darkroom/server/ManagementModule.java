package dev.darkroom.server;

import dev.darkroom.api.contract.ApiContract;
import dev.darkroom.api.management.ManagementVerticle;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.maintenance.VacuumBlockerMonitor;
import dev.darkroom.node.LocalNode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Wiring of the management port: readiness and state of the process. */
final class ManagementModule {
    private ManagementModule() {}

    /**
     * Deploys the verticle of the management port and returns its port.
     *
     * @param accepting false before the end of the start and after the beginning of the stop
     * @throws StartupException when the address cannot be bound
     */
    static int deploy(
            ServerResources resources,
            ApiContract apiContract,
            LocalNode localNode,
            GenerationModule generations,
            KafkaModule kafka,
            VacuumBlockerMonitor vacuumBlockers,
            BooleanSupplier accepting)
            throws Exception {
        Settings settings = resources.settings();
        Map<String, Supplier<Future<Void>>> readiness = new HashMap<>(Map.of(
                "accepting", () -> healthResult(accepting.getAsBoolean()),
                "database", resources.database()::ping,
                "node", () -> healthResult(localNode.validId().isPresent()),
                "databaseClock", () -> healthResult(localNode.clockStable())));
        if (settings.hasRole(NodeRole.WORKER)) {
            readiness.put(
                    "images", () -> healthResult(!generations.imageStoreHealth().failing()));
        }
        ManagementVerticle management = new ManagementVerticle(
                settings.management(),
                apiContract,
                readiness,
                generations::backendsToJson,
                () -> kafka.addStatus(nodeToJson(settings, localNode, generations)),
                vacuumBlockers::lastObservation,
                resources.metrics());
        try {
            resources.processLifecycle().deploy(resources.vertx(), "management", management);
        } catch (Exception e) {
            InboundSettings.Management address = settings.management();
            throw BindErrors.translate(e, "DARKROOM_MANAGEMENT", address.host(), address.port());
        }
        return management.port();
    }

    private static JsonObject nodeToJson(Settings settings, LocalNode localNode, GenerationModule generations) {
        return localNode
                .toJson()
                .put("roles", new JsonArray(settings.node().roleNames()))
                .put("imageStore", generations.imageStoreHealth().toJson());
    }

    private static Future<Void> healthResult(boolean healthy) {
        return healthy ? Future.succeededFuture() : Future.failedFuture("no");
    }
}
