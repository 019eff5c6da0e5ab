package dev.darkroom.image;

/**
 * Parses the marker segments of a JPEG file: start, frame header with the size, scans, end-of-image marker. Accepts bytes after that
 * marker: cameras, editors and transports append some, and every decoder ignores them. Source: ITU-T T.81, annex B.
 */
final class JpegParser {
    static final byte[] SIGNATURE = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
    private static final int END_OF_IMAGE = 0xd9;
    static final int START_OF_SCAN = 0xda;

    private JpegParser() {}

    static ImageInspector.Structure parse(ChunkedBytes file) {
        ImageByteReader reader = new ImageByteReader(file);
        ImageInspector.Structure dimensions = null;
        int offset = 2;
        while (true) {
            int marker = readMarker(reader, offset);
            while (marker == 0xff) { // fill bytes
                marker = readMarker(reader, ++offset);
            }
            if (marker == START_OF_SCAN) {
                if (dimensions == null) {
                    throw new InvalidImageException("JPEG without a frame header");
                }
                return new ImageInspector.Structure(
                        dimensions.width(), dimensions.height(), findEnd(reader, offset + 2 + reader.u16(offset + 2)));
            }
            if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9)) {
                throw new InvalidImageException("JPEG without pixels");
            }
            int length = reader.u16(offset + 2);
            if (length < 2) {
                throw new InvalidImageException("JPEG with an impossible segment");
            }
            if (isFrameHeader(marker)) {
                dimensions = new ImageInspector.Structure(reader.u16(offset + 7), reader.u16(offset + 5), 0);
            }
            offset += 2 + length;
        }
    }

    /**
     * Skips the scans and the segments between them. Returns the offset after the end-of-image marker. Throws when the file ends
     * before.
     */
    static int findEnd(ImageByteReader reader, int scan) {
        int offset = scan;
        while (true) {
            if (reader.u8(offset) != 0xff) {
                offset++;
                continue;
            }
            int marker = reader.u8(offset + 1);
            if (marker == END_OF_IMAGE) {
                return offset + 2;
            }
            if (marker == 0xff) { // fill byte
                offset++;
            } else if (marker >= 0xc0 && !isRestart(marker)) { // a segment with a length
                offset += 2 + Math.max(2, reader.u16(offset + 2));
            } else { // a stuffed byte, a restart or a reserved marker
                offset += 2;
            }
        }
    }

    private static boolean isRestart(int marker) {
        return marker >= 0xd0 && marker <= 0xd7;
    }

    static int readMarker(ImageByteReader reader, int offset) {
        if (reader.u8(offset) != 0xff) {
            throw new InvalidImageException("JPEG damaged before its pixels");
        }
        return reader.u8(offset + 1);
    }

    /** Whether a marker is SOF0 to SOF15. DHT, JPG and DAC have codes in this range, but are no frame headers. */
    private static boolean isFrameHeader(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }
}
