package dev.darkroom.api.transport;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Minimal HTTP/2 client (RFC 9113) with prior knowledge and without TLS, for tests with peers that do not read. */
public final class RawHttp2Frames {
    static final int DATA = 0;
    static final int RST_STREAM = 3;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int WINDOW_UPDATE = 8;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int END_HEADERS_AND_STREAM = 0x5;
    private static final int ACK = 0x1;

    private final DataInputStream in;

    RawHttp2Frames(Socket socket) throws IOException {
        in = new DataInputStream(socket.getInputStream());
    }

    /** Returns the start of a connection. {@code window} is the initial flow-control window of each stream in bytes. */
    public static byte[] preface(int window) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(frame(
                SETTINGS,
                0,
                0,
                ByteBuffer.allocate(6)
                        .putShort((short) INITIAL_WINDOW_SIZE)
                        .putInt(window)
                        .array()));
        out.writeBytes(frame(SETTINGS, ACK, 0, new byte[0]));
        return out.toByteArray();
    }

    static byte[] get(int stream) {
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        String[] pairs = {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "localhost"};
        for (int i = 0; i < pairs.length; i += 2) {
            // Literal header field without indexing, new name (RFC 7541, section 6.2.2).
            headers.write(0);
            headers.write(pairs[i].length());
            headers.writeBytes(pairs[i].getBytes(StandardCharsets.US_ASCII));
            headers.write(pairs[i + 1].length());
            headers.writeBytes(pairs[i + 1].getBytes(StandardCharsets.US_ASCII));
        }
        return frame(HEADERS, END_HEADERS_AND_STREAM, stream, headers.toByteArray());
    }

    static byte[] ping() {
        return frame(PING, 0, 0, new byte[8]);
    }

    /** Returns a request followed by a window update for its response. */
    static byte[] windowUpdate(int stream, int bytes, byte[] request) {
        byte[] update = frame(
                WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(bytes).array());
        return ByteBuffer.allocate(request.length + update.length)
                .put(request)
                .put(update)
                .array();
    }

    /** Reads until a frame of this type and stream arrives. */
    void await(int type, int stream) throws IOException {
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int readType = in.readUnsignedByte();
            in.readUnsignedByte();
            int readStream = in.readInt();
            in.readFully(new byte[length]);
            if (readType == type && readStream == stream) {
                return;
            }
        }
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }
}
