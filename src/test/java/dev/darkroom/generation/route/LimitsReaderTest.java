package dev.darkroom.generation.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.StubImageBackend;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Times at which limits are read. */
class LimitsReaderTest {
    private final List<String> reads = new ArrayList<>();
    private Promise<Optional<ServerLimits>> answer = Promise.promise();
    private long now;

    private LimitsReader reader(boolean readLimits) {
        ImageBackend client = new StubImageBackend("b") {
            @Override
            public Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
                reads.add(model);
                return answer.future();
            }
        };
        BackendSettings settings =
                TestSettings.with(TestSettings.DEFAULTS.backend(), "name", "b", "readLimits", readLimits);
        ModelCatalog catalog = new ModelCatalog(
                List.of(
                        new ModelSettings("m", "m", List.of(new Target("b", "flux", null))),
                        new ModelSettings("n", "n", List.of(new Target("b", "flux", null)))),
                List.of(new BackendCapabilities(settings, client, null)));
        return new LimitsReader(catalog, () -> now);
    }

    private void answer(boolean success) {
        Promise<Optional<ServerLimits>> current = answer;
        answer = Promise.promise();
        if (success) {
            current.complete(Optional.empty());
        } else {
            current.fail("unreachable");
        }
    }

    @Test
    void readsEachModelOfABackendOnce() {
        // given
        LimitsReader reader = reader(true);

        // when
        reader.readDue();
        reader.readDue();

        // then
        assertThat(reads).containsExactly("flux");
    }

    @Test
    void readsAgainAtOnceAfterAFailureAndLaterAfterAnAnswer() {
        // given
        LimitsReader reader = reader(true);
        reader.readDue();

        // then
        answer(false);
        reader.readDue();
        assertThat(reads).hasSize(2);
        answer(true);
        reader.readDue();
        now = Duration.ofMinutes(9).toNanos();
        reader.readDue();
        assertThat(reads).hasSize(2);
        now = Duration.ofMinutes(10).toNanos();
        reader.readDue();
        assertThat(reads).hasSize(3);
    }

    @Test
    void readsAgainWhenTheBackendCameBack() {
        // given
        LimitsReader reader = reader(true);
        reader.readDue();
        answer(true);

        // when
        reader.refresh("other");
        reader.refresh("b");

        // then
        assertThat(reads).hasSize(2);
    }

    @Test
    void doesNotReadWhenTheSettingForbidsIt() {
        // when
        reader(false).readDue();

        // then
        assertThat(reads).isEmpty();
    }
}
