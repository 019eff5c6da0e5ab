package dev.darkroom.server;

import dev.darkroom.config.KafkaSettings;
import dev.darkroom.config.NodeRole;
import dev.darkroom.kafka.EventPublisherVerticle;
import dev.darkroom.kafka.KafkaProducerProperties;
import dev.darkroom.kafka.PublicationStatus;
import dev.darkroom.node.LocalNode;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.UUID;

/** Wiring of the events in Kafka. Does nothing without brokers in the settings, and without the role notifier. */
final class KafkaModule {
    private final ServerResources resources;
    private final KafkaSettings settings;
    private final Map<String, String> producerProperties;
    private final PublicationStatus status = new PublicationStatus();

    /**
     * @param installation id of the database
     * @throws StartupException if the properties of the producer are invalid
     */
    KafkaModule(ServerResources resources, UUID installation) {
        this.resources = resources;
        this.settings = resources.settings().kafka();
        this.producerProperties = enabled() ? loadProperties(installation) : Map.of();
    }

    private boolean enabled() {
        return settings.bootstrapServers() != null && resources.settings().hasRole(NodeRole.NOTIFIER);
    }

    private Map<String, String> loadProperties(UUID installation) {
        try {
            return KafkaProducerProperties.load(settings.propertiesFile(), settings.bootstrapServers(), installation);
        } catch (IllegalArgumentException e) {
            throw new StartupException("DARKROOM_KAFKA_PROPERTIES_FILE: " + e.getMessage());
        }
    }

    /** Adds the state of the publication to the state of the node. */
    JsonObject addStatus(JsonObject node) {
        return enabled() ? node.put("kafka", status.toJson()) : node;
    }

    /** Deploys the publisher. */
    void deployPublisher(LocalNode localNode) throws Exception {
        if (enabled()) {
            resources.metrics().bind(status);
            resources
                    .processLifecycle()
                    .deploy(
                            resources.vertx(),
                            "event publisher",
                            new EventPublisherVerticle(
                                    resources.database(),
                                    localNode,
                                    resources.notifyChannel(),
                                    settings,
                                    producerProperties,
                                    resources.settings().notifications().pollInterval(),
                                    status));
        }
    }
}
