package dev.darkroom.database;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Parses the messages of a server incrementally, by the framing of the PostgreSQL protocol version 3 (PostgreSQL manual, "Message
 * Formats"): one byte for the type, four bytes for the length, then the contents. Reports ErrorResponse and ReadyForQuery and skips
 * other messages. For one thread.
 */
final class PostgresMessageParser {
    private static final int HEADER_LENGTH = 5;
    private static final byte ERROR = 'E';
    private static final byte READY = 'Z';

    /** Limit of the contents that are read. The severity and the code are the first fields. */
    private static final int MAX_CONTENTS_LENGTH = 16 * 1024;

    private final Listener listener;
    private final byte[] header = new byte[HEADER_LENGTH];
    private int headerBytes;
    private long contentsLeft;
    private byte[] contents = new byte[0];
    private int contentsBytes;
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
            if (headerBytes < HEADER_LENGTH) {
                index = readHeader(buffer, index, end);
            } else {
                index = readContents(buffer, index, end);
            }
        }
    }

    private int readHeader(ByteBuf buffer, int index, int end) {
        int next = index;
        while (next < end && headerBytes < HEADER_LENGTH) {
            header[headerBytes++] = buffer.getByte(next++);
        }
        if (headerBytes == HEADER_LENGTH) {
            int length = ((header[1] & 0xff) << 24)
                    | ((header[2] & 0xff) << 16)
                    | ((header[3] & 0xff) << 8)
                    | (header[4] & 0xff);
            contentsLeft = Math.max(0, (length & 0xffffffffL) - 4);
            contentsBytes = 0;
            boolean isError = header[0] == ERROR;
            contents = isError ? new byte[(int) Math.min(contentsLeft, MAX_CONTENTS_LENGTH)] : new byte[0];
            completeMessage();
        }
        return next;
    }

    private int readContents(ByteBuf buffer, int index, int end) {
        int available = (int) Math.min(contentsLeft, end - index);
        int copied = Math.min(available, contents.length - contentsBytes);
        if (copied > 0) {
            buffer.getBytes(index, contents, contentsBytes, copied);
            contentsBytes += copied;
        }
        contentsLeft -= available;
        completeMessage();
        return index + available;
    }

    private void completeMessage() {
        if (contentsLeft > 0) {
            return;
        }
        headerBytes = 0;
        if (header[0] == ERROR) {
            listener.onError(parseError());
        } else if (header[0] == READY) {
            listener.onReadyForQuery();
        }
    }

    private PostgresErrorResponse parseError() {
        String severity = "";
        String sqlState = "";
        String routine = "";
        int start = 0;
        while (start < contentsBytes && contents[start] != 0) {
            int end = start + 1;
            while (end < contentsBytes && contents[end] != 0) {
                end++;
            }
            String value = new String(contents, start + 1, end - start - 1, StandardCharsets.UTF_8);
            switch (contents[start]) {
                case 'V' -> severity = value;
                case 'C' -> sqlState = value;
                case 'R' -> routine = value;
                default -> {
                    // Ignores other fields.
                }
            }
            start = end + 1;
        }
        return new PostgresErrorResponse(severity, sqlState, routine);
    }
}
