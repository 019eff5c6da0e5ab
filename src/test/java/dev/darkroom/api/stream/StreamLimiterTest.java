package dev.darkroom.api.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StreamLimiterTest {
    private final AtomicLong nanos = new AtomicLong();
    private final List<String> told = new ArrayList<>();

    private StreamLimiter roster(int perUser, int perProcess, int perSecond) {
        return roster(perUser, perProcess, perSecond, 0);
    }

    private StreamLimiter roster(int perUser, int perProcess, int perSecond, int perAddress) {
        Settings.Streams limits = new Settings.Streams(
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

    private StreamLimiter.StreamSlot take(StreamLimiter roster, String user, String name) {
        return roster.acquire(user, "192.0.2.1", () -> told.add(name));
    }

    @Test
    void theOldestOfAUserGoes() {
        // given
        StreamLimiter roster = roster(2, 100, 100);
        take(roster, "alice", "1");
        StreamLimiter.StreamSlot second = take(roster, "alice", "2");
        take(roster, "bob", "x");

        // when
        take(roster, "alice", "3");

        // then
        assertThat(told).containsExactly("1");
        second.release();
        take(roster, "alice", "4");
        assertThat(told).containsExactly("1");
        assertThat(roster.openStreams()).isEqualTo(4);
    }

    @Test
    void whenItIsFullNobodyElseComesInAndNobodyIsSentAway() {
        // given
        StreamLimiter roster = roster(1, 2, 100);
        StreamLimiter.StreamSlot first = take(roster, "alice", "1");
        take(roster, "bob", "2");

        // then
        assertThat(take(roster, "carol", "3")).isNull();
        assertThat(told).isEmpty();
        first.release();
        assertThat(take(roster, "carol", "3")).isNotNull();
    }

    @Test
    void connectsOfAnAddressAreLimited() {
        // given
        StreamLimiter roster = roster(100, 100, 100, 2);
        take(roster, "alice", "1");
        take(roster, "bob", "2");

        // then
        assertThat(take(roster, "carol", "3")).isNull();
        assertThat(roster.acquire("carol", "192.0.2.2", () -> {})).isNotNull();
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(take(roster, "carol", "3")).isNotNull();
    }

    @Test
    void soManyComeInASecond() {
        // given
        StreamLimiter roster = roster(100, 100, 2);
        take(roster, "alice", "1");
        take(roster, "bob", "2");

        // then
        assertThat(take(roster, "carol", "3")).isNull();
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(take(roster, "carol", "3")).isNotNull();
    }
}
