package dev.darkroom.http;

import dev.darkroom.http.egress.OutboundUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Receives messages of servers that may be lost, such as progress. Sends nothing, reconnects never and reports no error.
 * Thread-safe.
 */
public final class OutboundWebSocketClient {
    /** A server that sends a larger frame or message loses its connection. */
    private static final int MAX_MESSAGE_BYTES = 256 * 1024;

    private static final int MAX_CONNECTIONS = 4096;
    private static final int CLOSING_TIMEOUT_SECONDS = 1;

    private final WebSocketClient client;
    private final long connectTimeoutMillis;

    /** @param connectTimeout limits the TCP handshake and, separately, the WebSocket handshake */
    public OutboundWebSocketClient(Vertx vertx, Duration connectTimeout) {
        this.connectTimeoutMillis = connectTimeout.toMillis();
        this.client = vertx.createWebSocketClient(new WebSocketClientOptions()
                .setMaxFrameSize(MAX_MESSAGE_BYTES)
                .setMaxMessageSize(MAX_MESSAGE_BYTES)
                .setMaxConnections(MAX_CONNECTIONS)
                .setConnectTimeout(Math.toIntExact(connectTimeoutMillis))
                .setClosingTimeout(CLOSING_TIMEOUT_SECONDS));
    }

    /**
     * Connects to a server and passes on its text messages, on the current context. Ignores binary messages.
     *
     * @param url configured by the operator; http for ws, https for wss
     * @param headers of the handshake
     * @return closes the connection, or prevents it when it is not yet open. Safe to repeat
     */
    public Runnable receive(OutboundUrl url, MultiMap headers, Consumer<String> textMessageHandler) {
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(url.host())
                .setPort(url.port())
                .setSsl(url.tls())
                .setURI(url.target())
                .setHeaders(headers)
                // A server may reject origins other than its own pages.
                .setAllowOriginHeader(false)
                .setTimeout(connectTimeoutMillis);
        ClientWebSocket socket = client.webSocket();
        socket.textMessageHandler(textMessageHandler::accept);
        socket.exceptionHandler(failure -> {});
        Future<Void> connected = socket.connect(options).mapEmpty();
        return () -> connected.onSuccess(open -> socket.close());
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
