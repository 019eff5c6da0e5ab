package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** WebSocket client for notifications. Validates all received messages against the contract. The methods block. */
public final class NotificationSocketClient implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private static final Vertx VERTX = Vertx.vertx();
    private final List<JsonObject> received = new CopyOnWriteArrayList<>();
    private final List<AssertionError> violations = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Short> closeCode = new CompletableFuture<>();
    /** Strong reference, because Vert.x closes the connections of a garbage-collected client. */
    private final WebSocketClient webSocketClient = VERTX.createWebSocketClient();

    private WebSocket socket;

    private NotificationSocketClient() {}

    /**
     * Opens a socket.
     *
     * @param headers such as credentials and the origin
     * @throws io.vertx.core.http.UpgradeRejectedException when the server rejects the handshake
     */
    public static NotificationSocketClient open(URI base, Map<String, String> headers) throws Exception {
        NotificationSocketClient client = new NotificationSocketClient();
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(base.getHost())
                .setPort(base.getPort())
                .setURI("/api/notifications/socket")
                .setAllowOriginHeader(headers.containsKey("Origin"));
        headers.forEach(options::addHeader);
        ClientWebSocket socket = client.webSocketClient.webSocket();
        socket.textMessageHandler(client::addMessage);
        socket.closeHandler(closed -> client.closeCode.complete(socket.closeStatusCode()));
        client.socket = socket.connect(options).await(60, TimeUnit.SECONDS);
        return client;
    }

    private void addMessage(String text) {
        JsonObject json = new JsonObject(text);
        try {
            AsyncApiMessageValidator.validateServerFrame(json);
            checkData(json);
        } catch (AssertionError e) {
            violations.add(e);
        }
        received.add(json);
    }

    /** Checks that the data of a message matches the schema of the same event on the SSE stream. */
    private static void checkData(JsonObject message) {
        assertThat(message.fieldNames()).isSubsetOf("event", "id", "data");
        String data = message.getJsonObject("data").encode();
        switch (message.getString("event")) {
            case "begin" -> assertThat(data).isEqualTo("{}");
            case "error" -> OpenApiResponseValidator.checkSchema("Problem", data);
            default ->
                OpenApiResponseValidator.checkEvent(
                        "GET", "/api/notifications/stream", message.getString("event"), data);
        }
    }

    public void send(JsonObject json) {
        send(json.encode());
    }

    public void send(String text) {
        socket.writeTextMessage(text);
    }

    /** Sends a frame of any kind. */
    public void write(WebSocketFrame frame) {
        socket.writeFrame(frame);
    }

    /** Returns the received messages with one event name. Fails after a violation of the contract. */
    public List<JsonObject> received(String event) {
        assertThat(violations).isEmpty();
        return received.stream()
                .filter(message -> message.getString("event").equals(event))
                .toList();
    }

    /** Waits for {@code count} messages with an event name and returns the last one. */
    public JsonObject await(String event, int count) {
        Awaitility.await(event)
                .atMost(TIMEOUT)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> received(event).size() >= count);
        List<JsonObject> messages = received(event);
        return messages.get(messages.size() - 1);
    }

    /** Waits until the socket is closed and returns the close code, or null when there was none. */
    public Short awaitClose() {
        return closeCode.orTimeout(60, TimeUnit.SECONDS).join();
    }

    public boolean isOpen() {
        return !socket.isClosed();
    }

    /** Closes the socket and waits for the close handshake. */
    @Override
    public void close() throws Exception {
        socket.close().await(60, TimeUnit.SECONDS);
        awaitClose();
    }
}
