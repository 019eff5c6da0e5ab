package dev.darkroom.testing;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A WebSocket with the framing of SockJS: {@code o}, {@code h}, {@code a[…]}, {@code c[…]}. The methods block. */
public final class SockJsClient implements AutoCloseable {
    private static final int PATIENCE_S = 20;
    private static final String CLOSED = "closed";

    private final BlockingQueue<String> frames = new LinkedBlockingQueue<>();
    private final WebSocket socket;

    private SockJsClient(URI uri, Map<String, String> headers) {
        WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder();
        headers.forEach(builder::header);
        socket = builder.buildAsync(uri, new Listener()).join();
    }

    /**
     * Connects and waits for the greeting.
     *
     * @param api scheme, host and port
     * @throws CompletionException with a WebSocketHandshakeException when it is not let in
     */
    public static SockJsClient connect(URI api, Map<String, String> headers) {
        URI uri = URI.create(api.toString().replaceFirst("http", "ws") + "/eventbus/000/a1b2c3d4/websocket");
        SockJsClient client = new SockJsClient(uri, headers);
        String greeting = client.take();
        if (!greeting.equals("o")) {
            throw new IllegalStateException(greeting);
        }
        return client;
    }

    /** The same with an API key. */
    public static SockJsClient withKey(URI api, String key) {
        return connect(api, Map.of("Authorization", "Bearer " + key));
    }

    public void send(JsonObject frame) {
        send(frame.encode());
    }

    /** A message of anything. */
    public void send(String text) {
        socket.sendText(new JsonArray().add(text).encode(), true).join();
    }

    /** Registers for an address, and waits until that has been done. */
    public SockJsClient listen(String address) {
        JsonObject register = new JsonObject().put("type", "register").put("address", address);
        send(register);
        // There is no pong: what is registered twice is complained about.
        send(register);
        JsonObject answer = next();
        if (!"address_already_registered".equals(answer.getString("body"))) {
            throw new IllegalStateException(answer.encode());
        }
        return this;
    }

    /** The next message that comes. */
    public JsonObject next() {
        String frame = take();
        if (!frame.startsWith("a")) {
            throw new IllegalStateException(frame);
        }
        JsonArray messages = new JsonArray(frame.substring(1));
        for (int i = 1; i < messages.size(); i++) {
            frames.add("a" + new JsonArray().add(messages.getString(i)).encode());
        }
        return new JsonObject(messages.getString(0));
    }

    /** Whether the other side closes the connection. What comes before that is read, and forgotten. */
    public boolean isClosed() {
        String frame = take();
        while (!frame.equals(CLOSED)) {
            frame = take();
        }
        return true;
    }

    private String take() {
        try {
            String frame = frames.poll(PATIENCE_S, TimeUnit.SECONDS);
            if (frame == null) {
                throw new AssertionError("nothing came");
            }
            return frame.equals("h") ? take() : frame;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        socket.abort();
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                frames.add(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
            frames.add(CLOSED);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            frames.add(CLOSED);
        }
    }
}
