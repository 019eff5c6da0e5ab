package dev.darkroom.telemetry.vertx;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.http.HttpMethod;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/** Meters of the HTTP servers with one role. Recording allocates nothing once a combination of labels is known. Thread-safe. */
final class HttpRoleMeters {
    private static final String NAME = "vertx.http.server.";
    private static final String METHOD = "method";

    /** Standard methods. A client may send any other. */
    private static final List<String> METHODS =
            List.of("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "OTHER");

    private static final int OTHER = METHODS.size() - 1;

    private final MeterRegistry registry;
    private final Tags tags;
    private final LongAdder connections = new LongAdder();
    private final Counter bytesRead;
    private final Counter bytesWritten;

    /** Requests in progress, by index of the method. */
    private final AtomicReferenceArray<LongAdder> active = new AtomicReferenceArray<>(METHODS.size());

    private final Map<String, Operation[]> operationsByRoute = new ConcurrentHashMap<>();

    /** Meters of a status. */
    private record Status(int code, Counter requests, Timer responseTime) {}

    /** Statuses of the responses to one method of one route. */
    private static final class Operation {
        private volatile Status[] statuses = {};

        Status find(int code) {
            for (Status status : statuses) {
                if (status.code() == code) {
                    return status;
                }
            }
            return null;
        }
    }

    HttpRoleMeters(MeterRegistry registry, String role) {
        this.registry = registry;
        this.tags = Tags.of("server", role);
        Gauge.builder(NAME + "active.connections", connections, LongAdder::sum)
                .description("Open connections")
                .tags(tags)
                .register(registry);
        this.bytesRead = counter("bytes.read", "Bytes received by the server", tags);
        this.bytesWritten = counter("bytes.written", "Bytes sent by the server", tags);
    }

    private Counter counter(String name, String description, Tags labels) {
        return Counter.builder(NAME + name)
                .description(description)
                .tags(labels)
                .register(registry);
    }

    /** Returns the index of a method, for the other methods of this class. */
    static int indexOf(HttpMethod method) {
        int index = METHODS.indexOf(method.name());
        return index < 0 ? OTHER : index;
    }

    LongAdder connections() {
        return connections;
    }

    Counter bytesRead() {
        return bytesRead;
    }

    Counter bytesWritten() {
        return bytesWritten;
    }

    /** Returns the number of requests in progress. */
    LongAdder active(int method) {
        LongAdder requests = active.get(method);
        return requests == null ? createActive(method) : requests;
    }

    private synchronized LongAdder createActive(int method) {
        if (active.get(method) == null) {
            LongAdder requests = new LongAdder();
            Gauge.builder(NAME + "active.requests", requests, LongAdder::sum)
                    .description("Requests in progress")
                    .tags(tags.and(METHOD, METHODS.get(method)))
                    .register(registry);
            active.set(method, requests);
        }
        return active.get(method);
    }

    /** Counts a request that ended because its connection broke. */
    void countReset(int method) {
        counter("request.resets", "Requests whose connection broke", tags.and(METHOD, METHODS.get(method)))
                .increment();
    }

    /**
     * Records a response.
     *
     * @param route template of the path; empty without one
     * @param nanos time since the request head
     */
    void record(String route, int method, int code, long nanos) {
        Operation[] operations = operationsByRoute.get(route);
        Operation operation = (operations == null ? createOperations(route) : operations)[method];
        Status status = operation.find(code);
        if (status == null) {
            status = createStatus(operation, tags.and("route", route, METHOD, METHODS.get(method)), code);
        }
        status.requests().increment();
        status.responseTime().record(nanos, TimeUnit.NANOSECONDS);
    }

    private Operation[] createOperations(String route) {
        return operationsByRoute.computeIfAbsent(
                route, name -> METHODS.stream().map(method -> new Operation()).toArray(Operation[]::new));
    }

    private synchronized Status createStatus(Operation operation, Tags labels, int code) {
        Status known = operation.find(code);
        if (known != null) {
            return known;
        }
        Tags all = labels.and("code", String.valueOf(code));
        Status created = new Status(
                code,
                counter("requests", "Ended requests", all),
                Timer.builder(NAME + "response.time")
                        .description("Time from the request head to the end of the response")
                        .tags(all)
                        .register(registry));
        Status[] statuses = Arrays.copyOf(operation.statuses, operation.statuses.length + 1);
        statuses[statuses.length - 1] = created;
        operation.statuses = statuses;
        return created;
    }
}
