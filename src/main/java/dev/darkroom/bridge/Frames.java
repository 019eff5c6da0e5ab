package dev.darkroom.bridge;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.parsetools.RecordParser;
import java.nio.charset.StandardCharsets;

/** Takes frames of the TCP bridge apart: four bytes of length, the greatest first, and so much JSON in UTF-8. */
final class Frames implements Handler<Buffer> {
    private static final int LENGTH_BYTES = 4;

    private final RecordParser parser = RecordParser.newFixed(LENGTH_BYTES);
    private final Handler<String> frame;
    private final Runnable unreadable;
    private boolean inFrame;
    private boolean broken;

    /** @param unreadable called once, when a length is none; nothing is read after that */
    Frames(Handler<String> frame, Runnable unreadable) {
        this.frame = frame;
        this.unreadable = unreadable;
        parser.handler(this::part);
    }

    @Override
    public void handle(Buffer bytes) {
        if (!broken) {
            parser.handle(bytes);
        }
    }

    static Buffer encode(JsonObject json) {
        byte[] bytes = json.encode().getBytes(StandardCharsets.UTF_8);
        return Buffer.buffer(LENGTH_BYTES + bytes.length)
                .appendInt(bytes.length)
                .appendBytes(bytes);
    }

    private void part(Buffer bytes) {
        if (broken) {
            return;
        }
        if (inFrame) {
            inFrame = false;
            parser.fixedSizeMode(LENGTH_BYTES);
            frame.handle(bytes.toString(StandardCharsets.UTF_8));
            return;
        }
        int length = bytes.getInt(0);
        // Nothing is kept for whoever announces more than they may send.
        if (length < 1 || length > Session.LONGEST_FRAME) {
            broken = true;
            unreadable.run();
            return;
        }
        inFrame = true;
        parser.fixedSizeMode(length);
    }
}
