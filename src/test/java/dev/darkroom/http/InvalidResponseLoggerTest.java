package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.egress.OutboundUrl;
import io.netty.handler.codec.DecoderException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class InvalidResponseLoggerTest {
    private static final DecoderException REASON = new DecoderException("two lengths");

    private final AtomicLong now = new AtomicLong();
    private final InvalidResponseLogger log = new InvalidResponseLogger(now::get);

    private boolean logs(String url) {
        return log.log(OutboundUrl.of(URI.create(url)), REASON);
    }

    @Test
    void logsOncePerServerAndMinute() {
        assertThat(logs("http://one.example/a")).isTrue();
        assertThat(logs("http://one.example/b")).isFalse();
        assertThat(logs("http://two.example/")).isTrue();
        now.addAndGet(Duration.ofSeconds(59).toNanos());
        assertThat(logs("http://one.example/a")).isFalse();
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(logs("http://one.example/a")).isTrue();
    }
}
