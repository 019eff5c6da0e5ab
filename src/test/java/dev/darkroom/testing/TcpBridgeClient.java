package dev.darkroom.testing;

import io.vertx.core.json.JsonObject;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A socket that speaks the protocol of the TCP bridge: a length in four bytes, and so much JSON. The methods block. */
public final class TcpBridgeClient implements AutoCloseable {
    private static final int PATIENCE_MS = 20_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    /** Connects on the loopback address. */
    public TcpBridgeClient(int port) {
        try {
            socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout(PATIENCE_MS);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void send(JsonObject frame) {
        send(frame.encode());
    }

    /** A frame of anything. */
    public void send(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        sendBytes(bytes.length, bytes);
    }

    /** A frame that need not be as long as it says. */
    public void sendBytes(int length, byte[] bytes) {
        try {
            out.writeInt(length);
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bytes from there on. */
    public void sendRest(byte[] bytes, int from) {
        try {
            out.write(bytes, from, bytes.length - from);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Registers for an address, with a key if there is one, and waits until that has been done. */
    public TcpBridgeClient listen(String address, String key) {
        JsonObject headers = new JsonObject();
        if (key != null) {
            headers.put("Authorization", "Bearer " + key);
        }
        send(new JsonObject().put("type", "register").put("address", address).put("headers", headers));
        return pinged();
    }

    /** Returns when the other side has dealt with what was sent before. */
    public TcpBridgeClient pinged() {
        send(new JsonObject().put("type", "ping"));
        JsonObject answer = next();
        if (!"pong".equals(answer.getString("type"))) {
            throw new IllegalStateException(answer.encode());
        }
        return this;
    }

    /** The next frame that comes. */
    public JsonObject next() {
        try {
            return new JsonObject(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the other side closes the connection. What comes before that is read, and forgotten. */
    public boolean isClosed() {
        try {
            while (true) {
                in.readNBytes(in.readInt());
            }
        } catch (SocketTimeoutException e) {
            return false;
        } catch (EOFException e) {
            return true;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
