package dev.darkroom.generation.watch;

import dev.darkroom.database.TransactionScope;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.util.List;

/** Meters of ended generations. Counts them after the commit. Thread-safe. */
public final class FinishedGenerationMetrics implements GenerationFinishListener {
    private static final String STATUS = "status";
    private static final String NO_ERROR = "NONE";

    private final MeterProvider<Counter> ended;
    private final MeterProvider<Timer> durations;

    public FinishedGenerationMetrics(MeterRegistry registry) {
        ended = Counter.builder("darkroom.generations.ended")
                .description("Generations that this process ended")
                .withRegistry(registry);
        durations = Timer.builder("darkroom.generation.duration")
                .description("Time from the acceptance of a generation to its end")
                .withRegistry(registry);
    }

    @Override
    public Future<Void> onFinished(TransactionScope scope, List<FinishedGeneration> generations) {
        scope.afterCommit(() -> generations.forEach(this::record));
        return Future.succeededFuture();
    }

    private void record(FinishedGeneration generation) {
        String status = generation.status().name();
        String code = generation.errorCode() == null ? NO_ERROR : generation.errorCode();
        ended.withTags(Tags.of(STATUS, status, "code", code)).increment();
        durations.withTag(STATUS, status).record(generation.totalTime());
    }
}
