package dev.darkroom.kafka;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.StringSerializer;

/** Merges the properties of the operator's file, such as TLS and SASL, with the properties that the guarantees depend on. */
public final class KafkaProducerProperties {
    private KafkaProducerProperties() {}

    /**
     * Reads the file and adds the fixed properties.
     *
     * @param file may be null
     * @param installation id of the database, which becomes part of the transactional id
     * @throws IllegalArgumentException if the file cannot be read, or sets a fixed property or an invalid value
     */
    public static Map<String, String> load(Path file, String bootstrapServers, UUID installation) {
        Map<String, String> properties = new HashMap<>(Map.ofEntries(
                // Shorter than the transaction timeout of a minute. The publisher retries for ever, with a new
                // producer.
                Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "30000"),
                Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000"),
                Map.entry(ProducerConfig.MAX_BLOCK_MS_CONFIG, "10000"),
                // Several batches: an event has less than 5 kB.
                Map.entry(ProducerConfig.BUFFER_MEMORY_CONFIG, "8388608")));
        Map<String, String> fixed = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                "darkroom-" + installation,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                "true",
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
                StringSerializer.class.getName(),
                ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
                StringSerializer.class.getName());
        Map<String, String> given = file == null ? Map.of() : read(file);
        TreeSet<String> conflicts = new TreeSet<>(given.keySet());
        conflicts.retainAll(fixed.keySet());
        if (!conflicts.isEmpty()) {
            throw new IllegalArgumentException(
                    file + " sets " + String.join(", ", conflicts) + ", which Darkroom sets itself");
        }
        String compression = given.getOrDefault(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none");
        if (!compression.equals("none") && !compression.equals("gzip")) {
            throw new IllegalArgumentException(
                    file + " sets compression.type to " + compression + ": expected none or gzip");
        }
        properties.putAll(given);
        properties.putAll(fixed);
        try {
            new ProducerConfig(Map.copyOf(properties));
        } catch (ConfigException e) {
            throw new IllegalArgumentException("invalid property of the Kafka producer: " + e.getMessage());
        }
        return Map.copyOf(properties);
    }

    private static Map<String, String> read(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read " + file + ": " + e);
        }
        Map<String, String> read = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> read.put(name, properties.getProperty(name)));
        return read;
    }
}
