package dev.darkroom.config;

import dev.darkroom.config.SettingRules.Format;
import dev.darkroom.config.SettingRules.NullIfEmpty;
import dev.darkroom.config.SettingRules.PathOf;
import java.nio.file.Path;

/**
 * Broker for events.
 *
 * @param bootstrapServers {@code host:port} each, separated by commas; null when this process publishes no events
 * @param topic name of the topic, which must exist
 * @param propertiesFile further properties of the producer; null for none
 */
public record KafkaSettings(
        @NullIfEmpty @Format(TextFormat.CLUSTER_MEMBERS) String bootstrapServers,
        @Format(TextFormat.TOPIC) String topic,
        @NullIfEmpty @PathOf("a file") Path propertiesFile) {}
