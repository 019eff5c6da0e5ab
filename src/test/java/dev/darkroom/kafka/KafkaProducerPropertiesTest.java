package dev.darkroom.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KafkaProducerPropertiesTest {
    private static final UUID INSTALLATION = UUID.fromString("01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10");

    @TempDir
    Path directory;

    @Test
    void addsThePropertiesOfTheFile() throws IOException {
        // when
        Map<String, String> properties = load("security.protocol=SASL_SSL\nlinger.ms=20\ndelivery.timeout.ms=40000");

        // then
        assertThat(properties)
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("linger.ms", "20")
                .containsEntry("delivery.timeout.ms", "40000")
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", "true")
                .containsEntry("transactional.id", "darkroom-" + INSTALLATION)
                .containsEntry("bootstrap.servers", "kafka:9092");
    }

    @ParameterizedTest
    @CsvSource({
        "acks=1, 'sets acks, which Darkroom sets itself'",
        "transactional.id=x, 'sets transactional.id, which Darkroom sets itself'",
        "compression.type=zstd, 'sets compression.type to zstd: expected none or gzip'",
        "linger.ms=soon, Invalid value soon for configuration linger.ms",
        "max.in.flight.requests.per.connection=6, max.in.flight.requests.per.connection",
    })
    void rejectsPropertiesThatBreakTheGuarantees(String line, String message) {
        assertThatThrownBy(() -> load(line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void reportsAMissingFile() {
        assertThatThrownBy(() -> KafkaProducerProperties.load(directory.resolve("none"), "kafka:9092", INSTALLATION))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot read " + directory.resolve("none"));
    }

    private Map<String, String> load(String text) throws IOException {
        return KafkaProducerProperties.load(
                Files.writeString(directory.resolve("kafka.properties"), text), "kafka:9092", INSTALLATION);
    }
}
