package dev.darkroom.image;

/** Reads the content of a box in order. Reading beyond its end throws {@link InvalidImageException}. Not thread-safe. */
final class MediaBoxReader {
    private final ImageByteReader reader;
    private final int end;
    private int position;

    MediaBoxReader(ImageByteReader reader, MediaBox box) {
        this.reader = reader;
        this.position = box.content();
        this.end = box.end();
    }

    int position() {
        return position;
    }

    /** Reads the version of a full box and skips its flags. */
    int version() {
        return (int) (number(4) >> 24);
    }

    /** Reads the flags of a full box and skips its version. */
    int flags() {
        return (int) number(4) & 0xff_ffff;
    }

    /**
     * Reads a number, big-endian.
     *
     * @param bytes 0 to 8; 0 reads nothing and returns 0
     */
    long number(int bytes) {
        require(bytes);
        long number = 0;
        for (int i = 0; i < bytes; i++) {
            number = number << 8 | reader.u8(position++);
        }
        if (number < 0) {
            throw new InvalidImageException("AVIF with an impossible number");
        }
        return number;
    }

    String tag() {
        require(4);
        position += 4;
        return reader.tag(position - 4);
    }

    private void require(int bytes) {
        if (bytes > end - position) {
            throw new InvalidImageException("AVIF with a truncated box");
        }
    }
}
