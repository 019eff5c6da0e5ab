package dev.darkroom.eventbus;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.OffsetDateTime;
import org.junit.jupiter.api.Test;

/** Format of timestamps. */
class Rfc3339TimestampTest {

    @Test
    void hasAFixedLength() {
        assertThat(Rfc3339Timestamp.format(null)).isNull();
        assertThat(Rfc3339Timestamp.format(Instant.EPOCH)).isEqualTo("1970-01-01T00:00:00.000Z");
        assertThat(Rfc3339Timestamp.format(Instant.parse("2026-11-09T08:07:06.005999Z")))
                .isEqualTo("2026-11-09T08:07:06.005Z");
        assertThat(Rfc3339Timestamp.format(OffsetDateTime.parse("2024-03-01T00:30:00.1+01:00")))
                .isEqualTo("2024-02-29T23:30:00.100Z");
    }
}
