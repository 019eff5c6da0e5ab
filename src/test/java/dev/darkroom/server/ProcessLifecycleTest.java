package dev.darkroom.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessLifecycleTest {
    private final ProcessLifecycle processLifecycle = new ProcessLifecycle();
    private final List<String> stopped = new ArrayList<>();

    @Test
    void stopsOnceInReverseOrder() {
        // given
        for (String step : List.of("database", "node", "api")) {
            processLifecycle.addStopStep(step, () -> stop(step));
        }

        // when
        boolean succeeded = processLifecycle.stop();
        processLifecycle.stop();

        // then
        assertThat(succeeded).isTrue();
        assertThat(stopped).containsExactly("api", "node", "database");
    }

    @Test
    void continuesAfterFailedStep() {
        // given
        processLifecycle.addStopStep("database", () -> stop("database"));
        processLifecycle.addStopStep("node", () -> Future.failedFuture("cannot leave"));

        // when
        boolean succeeded = processLifecycle.stop();

        // then
        assertThat(succeeded).isFalse();
        assertThat(stopped).containsExactly("database");
    }

    @Test
    void rethrowsFailureUnwrapped() {
        IllegalStateException reason = new IllegalStateException("no such thing");

        assertThatThrownBy(() -> ProcessLifecycle.await(Future.failedFuture(reason)))
                .isSameAs(reason);
    }

    private Future<?> stop(String step) {
        stopped.add(step);
        return Future.succeededFuture();
    }
}
