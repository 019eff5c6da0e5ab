package dev.darkroom.benchmark;

import com.sun.management.ThreadMXBean;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.MultiMap;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.EventBusMetrics;
import io.vertx.core.spi.metrics.HttpServerMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import io.vertx.core.spi.observability.HttpRequest;
import io.vertx.core.spi.observability.HttpResponse;
import java.lang.management.ManagementFactory;

/**
 * Cost of recording alone, in one thread. Unlike the cost of whole requests, it hardly depends on other work of the machine.
 *
 * @param name of the recorded event
 * @param bytes allocated each time
 * @param nanos processor time each time
 */
record MeterCost(String name, double bytes, double nanos) {
    private static final int PORT = 8080;
    private static final int REPETITIONS = 1_000_000;
    private static final String ADDRESS = "darkroom.generation.commands";

    private static MeterCost measure(String name, Runnable recording) {
        run(recording);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long bytes = threads.getThreadAllocatedBytes(thread);
        long nanos = threads.getCurrentThreadCpuTime();
        run(recording);
        return new MeterCost(
                name,
                (double) (threads.getThreadAllocatedBytes(thread) - bytes) / REPETITIONS,
                (double) (threads.getCurrentThreadCpuTime() - nanos) / REPETITIONS);
    }

    private static void run(Runnable recording) {
        for (int i = 0; i < REPETITIONS; i++) {
            recording.run();
        }
    }

    /** Measures an HTTP request and response. */
    static MeterCost ofRequest() {
        ProcessMetrics metrics = new ProcessMetrics("0");
        metrics.addHttpServer(PORT, "API");
        return measure(
                "HTTP request",
                requestOf(vertxMetrics(metrics)
                        .createHttpServerMetrics(
                                new HttpServerOptions(), SocketAddress.inetSocketAddress(PORT, "127.0.0.1"))));
    }

    /** Measures a message to one handler. */
    static MeterCost ofMessage() {
        return measure(
                "message", messageOf(vertxMetrics(new ProcessMetrics("0")).createEventBusMetrics()));
    }

    private static VertxMetrics vertxMetrics(ProcessMetrics metrics) {
        return metrics.vertxFactory().metrics(new VertxOptions().setMetricsOptions(metrics.vertxOptions()));
    }

    private static <R, W, S> Runnable requestOf(HttpServerMetrics<R, W, S> server) {
        S connection = server.connected(SocketAddress.inetSocketAddress(1, "127.0.0.1"), "client");
        HttpRequest request = new Request();
        HttpResponse response = new Response();
        return () -> {
            R metric = server.requestBegin(connection, request);
            server.requestRouted(metric, ApiBenchmark.GENERATION);
            server.bytesRead(connection, null, 400);
            server.requestEnd(metric, request, 400);
            server.responseBegin(metric, response);
            server.bytesWritten(connection, null, 600);
            server.responseEnd(metric, response, 600);
        };
    }

    private static <H> Runnable messageOf(EventBusMetrics<H> eventBus) {
        H handler = eventBus.handlerRegistered(ADDRESS);
        return () -> {
            eventBus.messageSent(ADDRESS, false, true, false);
            eventBus.messageReceived(ADDRESS, false, true, 1);
            eventBus.scheduleMessage(handler, true);
            eventBus.messageDelivered(handler, true);
        };
    }

    private static final class Request implements HttpRequest {
        @Override
        public int id() {
            return 1;
        }

        @Override
        public String uri() {
            return ApiBenchmark.GENERATION;
        }

        @Override
        public String absoluteURI() {
            return ApiBenchmark.GENERATION;
        }

        @Override
        public HttpMethod method() {
            return HttpMethod.POST;
        }

        @Override
        public MultiMap headers() {
            return MultiMap.caseInsensitiveMultiMap();
        }

        @Override
        public SocketAddress remoteAddress() {
            return null;
        }
    }

    private static final class Response implements HttpResponse {
        @Override
        public int statusCode() {
            return 202;
        }

        @Override
        public MultiMap headers() {
            return MultiMap.caseInsensitiveMultiMap();
        }
    }
}
