package dev.darkroom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private final Lifecycle lifecycle = new Lifecycle();
    private final List<String> stopped = new ArrayList<>();

    @Test
    void stopsOnceAndLastStartedFirst() {
        // given
        for (String step : List.of("database", "node", "api")) {
            lifecycle.started(step, () -> stop(step));
        }

        // when
        boolean well = lifecycle.stop();
        lifecycle.stop();

        // then
        assertThat(well).isTrue();
        assertThat(stopped).containsExactly("api", "node", "database");
    }

    @Test
    void aStepThatFailsIsToldAndKeepsNobodyFromItsTurn() {
        // given
        lifecycle.started("database", () -> stop("database"));
        lifecycle.started("node", () -> Future.failedFuture("cannot leave"));

        // when
        boolean well = lifecycle.stop();

        // then
        assertThat(well).isFalse();
        assertThat(stopped).containsExactly("database");
    }

    @Test
    void aStepOfTheStartFailsWithItsOwnReason() {
        IllegalStateException reason = new IllegalStateException("no such thing");

        assertThatThrownBy(() -> Lifecycle.await(Future.failedFuture(reason))).isSameAs(reason);
    }

    private Future<?> stop(String step) {
        stopped.add(step);
        return Future.succeededFuture();
    }
}
