package dev.darkroom.database;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Parses the messages of a server incrementally, by the framing of the PostgreSQL protocol version 3 (PostgreSQL manual, "Message
 * Formats"): one byte for the type, four bytes for the length, then the contents. Reports ErrorResponse and ReadyForQuery and skips
 * other messages. For one thread.
 */
final class PostgresMessageParser {
    private static final int HEADER_LENGTH = 5;
    private static final byte ERROR = 'E';
    private static final byte READY = 'Z';

    /** Limit of the bytes of a message that are kept. The severity and the code are the first fields. */
    private static final int MAX_KEPT_LENGTH = 16 * 1024;

    private final Listener listener;
    /** The header of the current message, and the contents if it is an error. */
    private final ByteBuf message = Unpooled.buffer(HEADER_LENGTH);

    private long contentsLeft;
    private boolean started;

    /** Called during {@link #parse}. */
    interface Listener {
        void onError(PostgresErrorResponse error);

        /** The server has responded to everything up to a Sync and waits for the next statement. */
        void onReadyForQuery();
    }

    PostgresMessageParser(Listener listener) {
        this.listener = listener;
    }

    /** Parses the readable bytes without consuming them. */
    void parse(ByteBuf buffer) {
        int index = buffer.readerIndex();
        int end = buffer.writerIndex();
        if (!started && index < end) {
            started = true;
            // The response to an SSLRequest is a single letter. No other first message starts with one of these.
            byte first = buffer.getByte(index);
            if (first == 'S' || first == 'N') {
                index++;
                started = false;
            }
        }
        while (index < end) {
            int headerLeft = HEADER_LENGTH - message.readableBytes();
            if (headerLeft > 0) {
                int read = Math.min(headerLeft, end - index);
                message.writeBytes(buffer, index, read);
                index += read;
                if (read < headerLeft) {
                    return;
                }
                contentsLeft = Math.max(0, message.getUnsignedInt(1) - Integer.BYTES);
            }
            int available = (int) Math.min(contentsLeft, end - index);
            if (message.getByte(0) == ERROR) {
                message.writeBytes(buffer, index, Math.min(available, MAX_KEPT_LENGTH - message.readableBytes()));
            }
            index += available;
            contentsLeft -= available;
            if (contentsLeft == 0) {
                completeMessage();
            }
        }
    }

    private void completeMessage() {
        byte type = message.readByte();
        PostgresErrorResponse error = type == ERROR ? parseError() : null;
        message.clear();
        if (error != null) {
            listener.onError(error);
        } else if (type == READY) {
            listener.onReadyForQuery();
        }
    }

    private PostgresErrorResponse parseError() {
        Map<Character, String> fields = new HashMap<>();
        message.skipBytes(Integer.BYTES);
        while (message.isReadable()) {
            char field = (char) message.readByte();
            int end = message.bytesBefore((byte) 0);
            int length = end < 0 ? message.readableBytes() : end;
            fields.put(
                    field,
                    message.readCharSequence(length, StandardCharsets.UTF_8).toString());
            message.skipBytes(Math.min(1, message.readableBytes()));
        }
        return new PostgresErrorResponse(
                fields.getOrDefault('V', ""), fields.getOrDefault('C', ""), fields.getOrDefault('R', ""));
    }
}
