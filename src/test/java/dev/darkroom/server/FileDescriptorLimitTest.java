package dev.darkroom.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileDescriptorLimitTest {
    private static Settings settings(Map<String, String> environment) {
        return SettingsLoader.load(environment, Path.of("/nowhere/at/all")).settings();
    }

    /** Reserved: 110, the open images, 16 database connections, twice 4 calls, 128 deliveries. */
    @ParameterizedTest
    @CsvSource({"1048576, 25000, 5000", "4096, 3578, 1789", "1024, 698, 349", "256, 64, 32", "64, 16, 8"})
    void limitsConnectionsByDescriptors(long descriptors, int max, int perAddress) {
        assertThat(FileDescriptorLimit.limitConnections(settings(Map.of()), descriptors))
                .isEqualTo(new InboundSettings.Connections(max, perAddress, false));
    }

    @Test
    void keepsAddressesUnlimited() {
        assertThat(FileDescriptorLimit.limitConnections(settings(Map.of("DARKROOM_CONNECTIONS_PER_ADDRESS", "0")), 1024)
                        .perAddress())
                .isZero();
    }
}
