package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Positions in the queue of a server. */
class ComfyUiQueueTest {
    /** As recorded from ComfyUI 0.33.0: job -12 was submitted last, to the front of the queue. */
    private static final String QUEUE = """
            {"queue_running": [[10, "a", {"1": {"class_type": "DkPaint", "inputs": {"prompt": "x"}}}, {"client_id": "dk"}, ["2"]]],
             "queue_pending": [[11, "b", {"1": {"inputs": {"images": ["1", [0]]}}}, {}, ["2"]], [-12, "c", {}, {}, []]], "more": {"d": []}}""";

    @Test
    void countsTheJobsAhead() throws IOException {
        // when
        ComfyUiQueue queue = parse(QUEUE);

        // then
        assertThat(queue.find("a")).isEqualTo(new ComfyUiJob.Running());
        assertThat(queue.find("c")).isEqualTo(new ComfyUiJob.Waiting(1));
        assertThat(queue.find("b")).isEqualTo(new ComfyUiJob.Waiting(2));
        assertThat(queue.find("d")).isEqualTo(new ComfyUiJob.Absent());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"queue_running\": []}",
                "{\"queue_running\": [], \"queue_pending\": {}}",
                "{\"queue_running\": [], \"queue_pending\": [[\"a\", 1]]}",
                "{\"queue_running\": [], \"queue_pending\": [[]]}",
                "{\"queue_running\": [], \"queue_pending\": [1]}",
                "{\"queue_running\": [], \"queue_pending\": [[1, \"a\", {}",
                "{\"queue_running\": [[1",
                "<html>"
            })
    void rejectsABodyThatIsNoQueue(String body) {
        assertThatThrownBy(() -> parse(body)).isInstanceOf(IOException.class);
    }

    private static ComfyUiQueue parse(String body) throws IOException {
        return ComfyUiQueue.parse(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)));
    }
}
