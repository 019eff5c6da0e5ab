package dev.darkroom.maintenance.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InFlightLimiterTest {
    private final InFlightLimiter limiter = new InFlightLimiter(3, 100);

    private CompletableFuture<Void> acquire(long size) {
        return CompletableFuture.runAsync(() -> {
            try {
                limiter.acquire(size);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void waitsForBytes() throws Exception {
        // given
        acquire(60).get(60, TimeUnit.SECONDS);

        // when
        CompletableFuture<Void> second = acquire(60);

        // then
        assertThat(second).isNotDone();
        limiter.release(60);
        second.get(60, TimeUnit.SECONDS);
    }

    @Test
    void admitsALargeImageAlone() throws Exception {
        acquire(1_000).get(60, TimeUnit.SECONDS);
        CompletableFuture<Void> second = acquire(1);
        assertThat(second).isNotDone();
        limiter.release(1_000);
        second.get(60, TimeUnit.SECONDS);
    }

    @Test
    void waitsForTheNumber() throws Exception {
        for (int i = 0; i < 3; i++) {
            acquire(1).get(60, TimeUnit.SECONDS);
        }
        CompletableFuture<Void> fourth = acquire(1);
        assertThat(fourth).isNotDone();
        limiter.release(1);
        fourth.get(60, TimeUnit.SECONDS);
    }
}
