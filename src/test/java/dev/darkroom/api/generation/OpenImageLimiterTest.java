package dev.darkroom.api.generation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OpenImageLimiterTest {
    private static final String IMAGE = "a.png";

    private final OpenImageLimiter images = new OpenImageLimiter(16);

    @Test
    void limitsEachLink() {
        // given
        Runnable first = images.acquireForLink("192.0.2.1", IMAGE);
        assertThat(images.acquireForLink("192.0.2.2", IMAGE)).isNotNull();

        // then
        assertThat(images.acquireForLink("192.0.2.3", IMAGE)).isNull();
        first.run();
        assertThat(images.acquireForLink("192.0.2.3", IMAGE)).isNotNull();
    }

    @Test
    void limitsEachAddressAndEachUser() {
        // given
        for (int i = 0; i < 4; i++) {
            assertThat(images.acquireForLink("192.0.2.1", i + ".png")).isNotNull();
            assertThat(images.acquireForUser("alice")).isNotNull();
        }

        // then
        assertThat(images.acquireForLink("192.0.2.1", "other.png")).isNull();
        assertThat(images.acquireForUser("alice")).isNull();
        assertThat(images.acquireForUser("bob")).isNotNull();
    }

    @Test
    void limitsAllTogether() {
        // given
        for (int i = 0; i < 16; i++) {
            assertThat(images.acquireForUser("user-" + i)).isNotNull();
        }

        // then
        assertThat(images.acquireForUser("another")).isNull();
        assertThat(images.openCount()).isEqualTo(16);
    }
}
