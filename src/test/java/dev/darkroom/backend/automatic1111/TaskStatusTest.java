package dev.darkroom.backend.automatic1111;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.json.JsonObject;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TaskStatusTest {
    private static final TaskStatus UNKNOWN = new TaskStatus(false, null, null);

    @ParameterizedTest
    @MethodSource("responses")
    void readsRunningAndWaitingTasks(String body, TaskStatus expected) {
        assertThat(TaskStatus.parse(new JsonObject(body))).isEqualTo(expected);
    }

    static Stream<Arguments> responses() {
        return Stream.of(
                Arguments.of(
                        RecordedExchanges.load("automatic1111")
                                .responseObject("task status")
                                .encode(),
                        new TaskStatus(true, 50, null)),
                Arguments.of("{\"active\":true,\"progress\":null}", new TaskStatus(true, 0, null)),
                Arguments.of("{\"active\":true,\"progress\":1.4}", new TaskStatus(true, 100, null)),
                Arguments.of(
                        "{\"active\":false,\"queued\":true,\"completed\":false,\"textinfo\":\"In queue: 2/3\"}",
                        new TaskStatus(false, null, 2)),
                // Older versions name no position.
                Arguments.of("{\"active\":false,\"queued\":true,\"textinfo\":\"Queued...\"}", UNKNOWN),
                Arguments.of("{\"active\":false,\"queued\":false,\"textinfo\":\"Waiting...\"}", UNKNOWN),
                Arguments.of("{\"active\":false,\"queued\":false,\"completed\":true}", UNKNOWN),
                Arguments.of("{\"active\":\"yes\",\"queued\":1,\"textinfo\":7}", UNKNOWN),
                Arguments.of("{}", UNKNOWN));
    }
}
