package dev.darkroom.api.openai;

import dev.darkroom.api.stream.RegisteredStream;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.netty.NettyChannels;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;

/**
 * Connection of a call that waits for the end of its generation. The idle timeout of the connection does not apply meanwhile. Sends bytes
 * without a meaning at an interval, if the call has some. Confined to the event loop of the request.
 */
final class WaitingCall extends RegisteredStream {
    private final StreamRegistry registry;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final ResponseWriter writer;
    private final KeepAlive keepAlive;
    private final Runnable onShutdown;
    private int secondsSilent;

    /**
     * Bytes that keep proxies from closing an idle connection.
     *
     * @param mediaType of the response that begins with them
     */
    record KeepAlive(String mediaType, Buffer bytes, int seconds) {}

    /**
     * @param keepAlive null for none
     * @param onShutdown called when the process stops
     */
    WaitingCall(StreamRegistry registry, HttpServerRequest request, KeepAlive keepAlive, Runnable onShutdown) {
        this.registry = registry;
        this.request = request;
        this.response = request.response();
        this.writer = new ResponseWriter(request);
        this.keepAlive = keepAlive;
        this.onShutdown = onShutdown;
    }

    /** Starts the interval. Calls {@code onShutdown} at once when the process stops already. */
    void start() {
        registry.register(this);
        registry.closeIfDraining(this);
    }

    /** Ends the interval. */
    void stop() {
        if (!isClosed()) {
            registry.unregister(this);
        }
    }

    @Override
    public void closeWithReason(String reason) {
        if (!isClosed()) {
            stop();
            onShutdown.run();
        }
    }

    @Override
    protected boolean isQueueFull() {
        return response.writeQueueFull();
    }

    @Override
    protected void abort() {
        stop();
        ResponseWriter.abort(request.connection(), response, request.version() == HttpVersion.HTTP_2);
    }

    @Override
    protected void onSecond(StreamRegistry.StreamTimings streamTimings) {
        NettyChannels.resetIdleTimeout(request.connection());
        if (keepAlive != null && ++secondsSilent >= keepAlive.seconds()) {
            send();
        }
    }

    /** Sends the bytes, at first with the head of the response and its status 200. */
    void send() {
        secondsSilent = 0;
        if (!response.headWritten()) {
            response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, keepAlive.mediaType());
        }
        writer.write(keepAlive.bytes());
    }
}
