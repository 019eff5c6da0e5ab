package dev.darkroom.api.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.InboundSettings;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StreamLimiterTest {
    private final AtomicLong nanos = new AtomicLong();
    private final List<String> evicted = new ArrayList<>();

    private StreamLimiter limiter(int perUser, int perProcess, int perSecond) {
        return limiter(perUser, perProcess, perSecond, 0);
    }

    private StreamLimiter limiter(int perUser, int perProcess, int perSecond, int perAddress) {
        InboundSettings.Streams limits = new InboundSettings.Streams(
                perUser, perProcess, perSecond, perAddress, Duration.ofSeconds(60), Duration.ofSeconds(30));
        return new StreamLimiter(limits, new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return nanos.get();
            }

            @Override
            public boolean isWallClockBased() {
                return false;
            }
        });
    }

    private Runnable acquire(StreamLimiter limiter, String user, String name) {
        return limiter.acquire(StreamKind.NOTIFICATIONS_SSE, user, "192.0.2.1", () -> evicted.add(name));
    }

    @Test
    void evictsOldestStreamOfUser() {
        // given
        StreamLimiter limiter = limiter(2, 100, 100);
        acquire(limiter, "alice", "1");
        Runnable second = acquire(limiter, "alice", "2");
        acquire(limiter, "bob", "x");

        // when
        acquire(limiter, "alice", "3");

        // then
        assertThat(evicted).containsExactly("1");
        second.run();
        acquire(limiter, "alice", "4");
        assertThat(evicted).containsExactly("1");
        assertThat(limiter.openStreams()).isEqualTo(4);
    }

    @Test
    void rejectsWithoutEvictionWhenProcessLimitIsReached() {
        // given
        StreamLimiter limiter = limiter(1, 2, 100);
        Runnable first = acquire(limiter, "alice", "1");
        acquire(limiter, "bob", "2");

        // then
        assertThat(acquire(limiter, "carol", "3")).isNull();
        assertThat(evicted).isEmpty();
        first.run();
        assertThat(acquire(limiter, "carol", "3")).isNotNull();
    }

    @Test
    void limitsConnectsPerSecondOfAddress() {
        // given
        StreamLimiter limiter = limiter(100, 100, 100, 2);
        acquire(limiter, "alice", "1");
        acquire(limiter, "bob", "2");

        // then
        assertThat(acquire(limiter, "carol", "3")).isNull();
        assertThat(limiter.acquire(StreamKind.NOTIFICATIONS_SSE, "carol", "192.0.2.2", () -> {}))
                .isNotNull();
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(acquire(limiter, "carol", "3")).isNotNull();
    }

    @Test
    void limitsConnectsPerSecondOfProcess() {
        // given
        StreamLimiter limiter = limiter(100, 100, 2);
        acquire(limiter, "alice", "1");
        acquire(limiter, "bob", "2");

        // then
        assertThat(acquire(limiter, "carol", "3")).isNull();
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(acquire(limiter, "carol", "3")).isNotNull();
    }
}
