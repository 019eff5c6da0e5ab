package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.SseParser.Frame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Parses the examples of the standard, in one chunk and in many. */
class SseParserTest {
    private final List<Frame> frames = new ArrayList<>();
    private final SseParser parser = new SseParser("", frames::add);

    private void feed(String text) {
        parser.feed(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void parsesFieldsCommentsAndIds() {
        // when
        feed(
                "\uFEFF: hello\n\ndata: YHOO\ndata: +2\ndata:10\n\nevent: add\nid: 1\ndata: é\r\n\r\nid\ndata:  two\r\rnonsense: x\n\n");

        // then
        assertThat(frames)
                .containsExactly(
                        new Frame("", "message", "YHOO\n+2\n10"),
                        new Frame("1", "add", "é"),
                        new Frame("", "message", " two"));
        assertThat(parser.comments()).isEqualTo(1);
    }

    @Test
    void parsesSingleBytes() {
        // when
        for (byte one : "retry: 3000\r\nid: 7f-16\r\ndata:\r\n\r\nid: 7f-17\r\nevent: ü\r\ndata: {}\r\n\r\n"
                .getBytes(StandardCharsets.UTF_8)) {
            parser.feed(new byte[] {one});
        }

        // then
        assertThat(frames).containsExactly(new Frame("7f-16", "message", ""), new Frame("7f-17", "ü", "{}"));
        assertThat(parser.retryMs()).isEqualTo(3000);
    }

    @Test
    void doesNotDispatchIncompleteEvent() {
        // when
        feed("id: 1\ndata: a\n\nid: 2\ndata: b\n");

        // then
        assertThat(frames).containsExactly(new Frame("1", "message", "a"));
        assertThat(parser.lastEventId()).isEqualTo("1");
    }

    @Test
    void keepsIdOfEventWithoutData() {
        // when
        feed("id: 9\n\n");

        // then
        assertThat(frames).isEmpty();
        assertThat(parser.lastEventId()).isEqualTo("9");
    }
}
