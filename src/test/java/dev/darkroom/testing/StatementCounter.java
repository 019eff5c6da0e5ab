package dev.darkroom.testing;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.spi.tracing.SpanKind;
import io.vertx.core.spi.tracing.TagExtractor;
import io.vertx.core.spi.tracing.VertxTracer;
import io.vertx.core.tracing.TracingOptions;
import io.vertx.core.tracing.TracingPolicy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** Records the SQL statements that the clients of a Vert.x instance send, without BEGIN and COMMIT. Thread-safe. */
public final class StatementCounter implements VertxTracer<Object, Object> {
    private final List<String> statements = new CopyOnWriteArrayList<>();

    /** Creates a Vert.x instance and records its statements. */
    public Vertx createVertx() {
        return Vertx.builder()
                .withTracer(options -> this)
                .with(new io.vertx.core.VertxOptions().setTracingOptions(new TracingOptions()))
                .build();
    }

    /** Returns the statements since the start or the last {@link #clear}, in the order of sending. */
    public List<String> statements() {
        return List.copyOf(statements);
    }

    public void clear() {
        statements.clear();
    }

    @Override
    public <R> Object sendRequest(
            Context context,
            SpanKind kind,
            TracingPolicy policy,
            R request,
            String operation,
            BiConsumer<String, String> headers,
            TagExtractor<R> tagExtractor) {
        String statement = tagExtractor.extract(request).get("db.query.text");
        if (statement == null) {
            statement = tagExtractor.extract(request).get("db.statement");
        }
        if (statement != null) {
            statements.add(statement);
        }
        return statement;
    }
}
