package dev.darkroom.telemetry.vertx;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.datagram.DatagramSocketOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.VertxMetricsFactory;
import io.vertx.core.spi.metrics.ClientMetrics;
import io.vertx.core.spi.metrics.DatagramSocketMetrics;
import io.vertx.core.spi.metrics.EventBusMetrics;
import io.vertx.core.spi.metrics.HttpClientMetrics;
import io.vertx.core.spi.metrics.HttpServerMetrics;
import io.vertx.core.spi.metrics.PoolMetrics;
import io.vertx.core.spi.metrics.TCPMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import io.vertx.micrometer.MicrometerMetricsFactory;

/**
 * Creates the metrics of a Vert.x instance. Those of vertx-micrometer-metrics look up their meters with new labels for each request and each
 * message, which allocates as much as a twentieth of a request. HTTP servers and the event bus therefore have meters that are looked up
 * once, under the same names.
 */
public final class MeasuredVertxFactory implements VertxMetricsFactory {
    private final MicrometerMetricsFactory micrometer;
    private final HttpServerMeters httpServers;
    private final EventBusMeters eventBus;

    public MeasuredVertxFactory(MeterRegistry registry, HttpServerRoles roles) {
        this.micrometer = new MicrometerMetricsFactory(registry);
        this.httpServers = new HttpServerMeters(registry, roles);
        this.eventBus = new EventBusMeters(registry);
    }

    @Override
    public VertxMetrics metrics(VertxOptions options) {
        return new MeasuredVertx(micrometer.metrics(options));
    }

    @Override
    public MetricsOptions newOptions() {
        return micrometer.newOptions();
    }

    @Override
    public MetricsOptions newOptions(MetricsOptions options) {
        return micrometer.newOptions(options);
    }

    @Override
    public MetricsOptions newOptions(JsonObject json) {
        return micrometer.newOptions(json);
    }

    private final class MeasuredVertx implements VertxMetrics {
        private final VertxMetrics delegate;

        MeasuredVertx(VertxMetrics delegate) {
            this.delegate = delegate;
        }

        @Override
        public EventBusMetrics<?> createEventBusMetrics() {
            return eventBus;
        }

        @Override
        public HttpServerMetrics<?, ?, ?> createHttpServerMetrics(HttpServerOptions options, SocketAddress address) {
            return httpServers.forPort(address.port());
        }

        @Override
        public ClientMetrics<?, ?, ?> createClientMetrics(SocketAddress address, String type, String namespace) {
            return delegate.createClientMetrics(address, type, namespace);
        }

        @Override
        public HttpClientMetrics<?, ?, ?> createHttpClientMetrics(HttpClientOptions options) {
            return delegate.createHttpClientMetrics(options);
        }

        @Override
        public TCPMetrics<?> createNetServerMetrics(NetServerOptions options, SocketAddress address) {
            return delegate.createNetServerMetrics(options, address);
        }

        @Override
        public TCPMetrics<?> createNetClientMetrics(NetClientOptions options) {
            return delegate.createNetClientMetrics(options);
        }

        @Override
        public DatagramSocketMetrics createDatagramSocketMetrics(DatagramSocketOptions options) {
            return delegate.createDatagramSocketMetrics(options);
        }

        @Override
        public PoolMetrics<?, ?> createPoolMetrics(String type, String name, int maxSize) {
            return delegate.createPoolMetrics(type, name, maxSize);
        }

        @Override
        public boolean isMetricsEnabled() {
            return delegate.isMetricsEnabled();
        }

        @Override
        public void vertxCreated(Vertx vertx) {
            delegate.vertxCreated(vertx);
        }

        @Override
        public void close() {
            delegate.close();
        }
    }
}
