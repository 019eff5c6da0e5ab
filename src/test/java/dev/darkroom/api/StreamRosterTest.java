package dev.darkroom.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StreamRosterTest {
    private final AtomicLong nanos = new AtomicLong();
    private final List<String> told = new ArrayList<>();

    private StreamRoster roster(int perUser, int perProcess, int perSecond) {
        return roster(perUser, perProcess, perSecond, 0);
    }

    private StreamRoster roster(int perUser, int perProcess, int perSecond, int perAddress) {
        Settings.Streams limits = new Settings.Streams(
                perUser, perProcess, perSecond, perAddress, Duration.ofSeconds(60), Duration.ofSeconds(30));
        return new StreamRoster(limits, new TimeMeter() {
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

    private StreamRoster.Seat take(StreamRoster roster, String user, String name) {
        return roster.take(user, "192.0.2.1", () -> told.add(name));
    }

    @Test
    void theOldestOfAUserGoes() {
        // given
        StreamRoster roster = roster(2, 100, 100);
        take(roster, "alice", "1");
        StreamRoster.Seat second = take(roster, "alice", "2");
        take(roster, "bob", "x");

        // when
        take(roster, "alice", "3");

        // then
        assertThat(told).containsExactly("1");
        second.leave();
        take(roster, "alice", "4");
        assertThat(told).containsExactly("1");
        assertThat(roster.taken()).isEqualTo(4);
    }

    @Test
    void whenItIsFullNobodyElseComesInAndNobodyIsSentAway() {
        // given
        StreamRoster roster = roster(1, 2, 100);
        StreamRoster.Seat first = take(roster, "alice", "1");
        take(roster, "bob", "2");

        // then
        assertThat(take(roster, "carol", "3")).isNull();
        assertThat(told).isEmpty();
        first.leave();
        assertThat(take(roster, "carol", "3")).isNotNull();
    }

    @Test
    void connectsOfAnAddressAreLimited() {
        // given
        StreamRoster roster = roster(100, 100, 100, 2);
        take(roster, "alice", "1");
        take(roster, "bob", "2");

        // then
        assertThat(take(roster, "carol", "3")).isNull();
        assertThat(roster.take("carol", "192.0.2.2", () -> {})).isNotNull();
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(take(roster, "carol", "3")).isNotNull();
    }

    @Test
    void soManyComeInASecond() {
        // given
        StreamRoster roster = roster(100, 100, 2);
        take(roster, "alice", "1");
        take(roster, "bob", "2");

        // then
        assertThat(take(roster, "carol", "3")).isNull();
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(take(roster, "carol", "3")).isNotNull();
    }
}
