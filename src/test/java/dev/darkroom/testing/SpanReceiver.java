package dev.darkroom.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** Receives spans by OTLP over HTTP, as a collector does. */
public final class SpanReceiver implements AutoCloseable {
    private final HttpServer server;
    private final List<ReceivedSpan> spans = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();

    /**
     * A span.
     *
     * @param instance attribute {@code service.instance.id} of its process
     * @param parentId empty for the root
     * @param startNanos since 1970
     * @param attributes by name; numbers as text
     */
    public record ReceivedSpan(
            String instance,
            String traceId,
            String id,
            String parentId,
            String name,
            Span.SpanKind kind,
            long startNanos,
            long endNanos,
            boolean failed,
            Map<String, String> attributes,
            List<String> linkedTraceIds) {
        public String attribute(String attributeName) {
            return attributes.get(attributeName);
        }

        public Duration duration() {
            return Duration.ofNanos(endNanos - startNanos);
        }
    }

    public SpanReceiver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        server.createContext("/v1/traces", this::receive);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "span-receiver");
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
    }

    /** Returns the base URL for {@code tracing.endpoint}. */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void receive(HttpExchange exchange) throws IOException {
        try (exchange) {
            authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(exchange.getRequestBody());
            for (ResourceSpans resource : request.getResourceSpansList()) {
                String instance =
                        attributes(resource.getResource().getAttributesList()).get("service.instance.id");
                for (ScopeSpans scope : resource.getScopeSpansList()) {
                    scope.getSpansList().forEach(span -> spans.add(toReceived(instance, span)));
                }
            }
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private static ReceivedSpan toReceived(String instance, Span span) {
        return new ReceivedSpan(
                instance,
                hex(span.getTraceId().toByteArray()),
                hex(span.getSpanId().toByteArray()),
                hex(span.getParentSpanId().toByteArray()),
                span.getName(),
                span.getKind(),
                span.getStartTimeUnixNano(),
                span.getEndTimeUnixNano(),
                span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR,
                attributes(span.getAttributesList()),
                span.getLinksList().stream()
                        .map(link -> hex(link.getTraceId().toByteArray()))
                        .toList());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static Map<String, String> attributes(List<KeyValue> list) {
        Map<String, String> attributes = new TreeMap<>();
        list.forEach(each -> attributes.put(each.getKey(), text(each.getValue())));
        return attributes;
    }

    private static String text(AnyValue value) {
        return value.hasIntValue() ? Long.toString(value.getIntValue()) : value.getStringValue();
    }

    /** Returns the spans so far. */
    public List<ReceivedSpan> spans() {
        return List.copyOf(spans);
    }

    /** Returns the spans of a trace so far. */
    public List<ReceivedSpan> trace(String traceId) {
        return spans.stream().filter(span -> span.traceId().equals(traceId)).toList();
    }

    /** Returns the values of the header {@code Authorization} so far. */
    public List<String> authorizations() {
        return List.copyOf(authorizations);
    }

    /** Waits until the spans of a trace meet a condition, and returns them. */
    public List<ReceivedSpan> awaitTrace(String traceId, Predicate<List<ReceivedSpan>> complete) {
        return Awaitility.await("trace " + traceId)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> trace(traceId), complete);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
