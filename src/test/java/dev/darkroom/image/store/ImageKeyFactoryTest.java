package dev.darkroom.image.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.ImageFormat;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Derivation of image IDs and storage keys. */
class ImageKeyFactoryTest {
    private static final UUID GENERATION = UUID.fromString("019a8c1e-7f3a-7c55-9d0b-3f1a2b4c5d6e");
    private static final UUID NODE = UUID.fromString("019a8c1e-0000-7000-8000-000000000001");

    @Test
    void createsVersion7IdWithTimestampOfGeneration() {
        UUID id = ImageKeyFactory.createId(GENERATION, NODE, 3, 1);
        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(id.toString()).startsWith("019a8c1e-7f3a-");
        assertThat(ImageKeyFactory.createId(GENERATION, NODE, 3, 1)).isEqualTo(id);
    }

    @Test
    void createsUniqueIds() {
        Set<UUID> ids = new HashSet<>();
        for (long token = 0; token < 50; token++) {
            for (int position = 0; position < 8; position++) {
                ids.add(ImageKeyFactory.createId(GENERATION, NODE, token, position));
                ids.add(ImageKeyFactory.createId(NODE, NODE, token, position));
                ids.add(ImageKeyFactory.createId(GENERATION, GENERATION, token, position));
            }
        }
        assertThat(ids).hasSize(50 * 8 * 3);
    }

    @Test
    void returnsKeysOfAllPossibleFilesOfAttempt() {
        UUID second = ImageKeyFactory.createId(GENERATION, NODE, 3, 1);
        assertThat(ImageKeyFactory.keysOfAttempt(GENERATION, NODE, 3, 2))
                .hasSize(8)
                .contains(
                        ImageKeyFactory.createKey(second, ImageFormat.PNG),
                        ImageKeyFactory.createKey(second, ImageFormat.JPEG),
                        ImageKeyFactory.createKey(second, ImageFormat.WEBP))
                .allMatch(key -> key.matches("[0-9a-f]{2}/[0-9a-f-]{36}\\.(png|jpg|webp|avif)"));
    }
}
