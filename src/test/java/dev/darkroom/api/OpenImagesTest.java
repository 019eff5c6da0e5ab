package dev.darkroom.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OpenImagesTest {
    private static final String IMAGE = "a.png";

    private final OpenImages images = new OpenImages(16);

    @Test
    void limitsEachLink() {
        // given
        Runnable first = images.takeForLink("192.0.2.1", IMAGE);
        assertThat(images.takeForLink("192.0.2.2", IMAGE)).isNotNull();

        // then
        assertThat(images.takeForLink("192.0.2.3", IMAGE)).isNull();
        first.run();
        assertThat(images.takeForLink("192.0.2.3", IMAGE)).isNotNull();
    }

    @Test
    void limitsEachAddressAndEachUser() {
        // given
        for (int i = 0; i < 4; i++) {
            assertThat(images.takeForLink("192.0.2.1", i + ".png")).isNotNull();
            assertThat(images.takeForUser("alice")).isNotNull();
        }

        // then
        assertThat(images.takeForLink("192.0.2.1", "other.png")).isNull();
        assertThat(images.takeForUser("alice")).isNull();
        assertThat(images.takeForUser("bob")).isNotNull();
    }

    @Test
    void limitsAllTogether() {
        // given
        for (int i = 0; i < 16; i++) {
            assertThat(images.takeForUser("user-" + i)).isNotNull();
        }

        // then
        assertThat(images.takeForUser("another")).isNull();
        assertThat(images.open()).isEqualTo(16);
    }
}
