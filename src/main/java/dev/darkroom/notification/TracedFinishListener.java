package dev.darkroom.notification;

import dev.darkroom.database.TransactionScope;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import java.util.List;

/** Adds a span for each traced generation to a listener that stores notifications. */
public record TracedFinishListener(GenerationFinishListener listener, Tracing tracing)
        implements GenerationFinishListener {

    @Override
    public Future<Void> onFinished(TransactionScope scope, List<FinishedGeneration> generations) {
        if (!tracing.isOn()) {
            return listener.onFinished(scope, generations);
        }
        List<TraceSpan> spans = generations.stream().map(this::startSpan).toList();
        return listener.onFinished(scope, generations).onComplete(done -> spans.forEach(span -> span.endWith(done)));
    }

    private TraceSpan startSpan(FinishedGeneration generation) {
        return tracing.resume(generation.trace(), SpanType.NOTIFICATION_CREATE)
                .set(SpanAttribute.GENERATION, generation.id());
    }
}
