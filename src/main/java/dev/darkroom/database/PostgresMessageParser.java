package dev.darkroom.database;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Follows what a server sends, by the framing of PostgreSQL's protocol, version 3 (PostgreSQL manual, "Message Formats"): one
 * byte for the type, four for the length, and the contents. Reads the contents of errors and of the end of a turn alone.
 */
final class PostgresMessageParser {
    private static final int HEADER_LENGTH = 5;
    private static final byte ERROR = 'E';
    private static final byte READY = 'Z';

    /** Contents beyond this are not read. The severity and the code are the first fields. */
    private static final int MAX_CONTENTS_LENGTH = 16 * 1024;

    private final Listener listener;
    private final byte[] header = new byte[HEADER_LENGTH];
    private int headerBytes;
    private long contentsLeft;
    private byte[] contents = new byte[0];
    private int contentsBytes;
    private boolean started;

    /** Called while bytes are followed. */
    interface Listener {
        void onError(PostgresErrorResponse error);

        /** The server has answered everything up to a Sync and waits for the next. */
        void onReadyForQuery();
    }

    PostgresMessageParser(Listener listener) {
        this.listener = listener;
    }

    /** Reads on without consuming anything. */
    void parse(ByteBuf buffer) {
        int index = buffer.readerIndex();
        int end = buffer.writerIndex();
        if (!started && index < end) {
            started = true;
            // The answer to a request for TLS is a single letter. No other first message begins with one of these.
            byte first = buffer.getByte(index);
            if (first == 'S' || first == 'N') {
                index++;
                started = false;
            }
        }
        while (index < end) {
            if (headerBytes < HEADER_LENGTH) {
                index = header(buffer, index, end);
            } else {
                index = contents(buffer, index, end);
            }
        }
    }

    private int header(ByteBuf buffer, int index, int end) {
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
            boolean read = header[0] == ERROR;
            contents = read ? new byte[(int) Math.min(contentsLeft, MAX_CONTENTS_LENGTH)] : new byte[0];
            completeMessage();
        }
        return next;
    }

    private int contents(ByteBuf buffer, int index, int end) {
        int taken = (int) Math.min(contentsLeft, end - index);
        int wanted = Math.min(taken, contents.length - contentsBytes);
        if (wanted > 0) {
            buffer.getBytes(index, contents, contentsBytes, wanted);
            contentsBytes += wanted;
        }
        contentsLeft -= taken;
        completeMessage();
        return index + taken;
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
        int at = 0;
        while (at < contentsBytes && contents[at] != 0) {
            int end = at + 1;
            while (end < contentsBytes && contents[end] != 0) {
                end++;
            }
            String value = new String(contents, at + 1, end - at - 1, StandardCharsets.UTF_8);
            switch (contents[at]) {
                case 'V' -> severity = value;
                case 'C' -> sqlState = value;
                case 'R' -> routine = value;
                default -> {
                    // Of no interest here.
                }
            }
            at = end + 1;
        }
        return new PostgresErrorResponse(severity, sqlState, routine);
    }
}
