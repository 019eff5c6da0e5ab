package dev.darkroom.image;

/**
 * The marker segments of a JPEG file: start, frame header with the size, scans, and an end-of-image marker. Bytes behind that marker
 * are left alone: cameras, editors and transports add some, and every decoder ignores them. Source: ITU-T T.81, annex B.
 */
final class JpegParser {
    static final byte[] SIGNATURE = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
    private static final int END_OF_IMAGE = 0xd9;
    private static final int START_OF_SCAN = 0xda;

    private JpegParser() {}

    static ImageInspector.Dimensions parseDimensions(ChunkedBytes file) {
        ImageByteReader imageByteReader = new ImageByteReader(file);
        ImageInspector.Dimensions dimensions = null;
        int at = 2;
        while (true) {
            int marker = readMarker(imageByteReader, at);
            while (marker == 0xff) { // fill bytes
                marker = readMarker(imageByteReader, ++at);
            }
            if (marker == START_OF_SCAN) {
                if (dimensions == null) {
                    throw new InvalidImageException("JPEG without a frame header");
                }
                skipToEnd(imageByteReader, at + 2 + imageByteReader.u16(at + 2));
                return dimensions;
            }
            if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9)) {
                throw new InvalidImageException("JPEG without pixels");
            }
            int length = imageByteReader.u16(at + 2);
            if (length < 2) {
                throw new InvalidImageException("JPEG with an impossible segment");
            }
            if (isFrameHeader(marker)) {
                dimensions = new ImageInspector.Dimensions(imageByteReader.u16(at + 7), imageByteReader.u16(at + 5));
            }
            at += 2 + length;
        }
    }

    /** Reads scans, and the segments between them, up to the end of the image. Fails when the file ends before. */
    private static void skipToEnd(ImageByteReader imageByteReader, int scan) {
        int at = scan;
        while (true) {
            if (imageByteReader.u8(at) != 0xff) {
                at++;
                continue;
            }
            int marker = imageByteReader.u8(at + 1);
            if (marker == END_OF_IMAGE) {
                return;
            }
            if (marker == 0xff) { // fill byte
                at++;
            } else if (marker >= 0xc0 && !isRestart(marker)) { // a segment with a length
                at += 2 + Math.max(2, imageByteReader.u16(at + 2));
            } else { // a stuffed byte, a restart or a reserved marker
                at += 2;
            }
        }
    }

    private static boolean isRestart(int marker) {
        return marker >= 0xd0 && marker <= 0xd7;
    }

    private static int readMarker(ImageByteReader imageByteReader, int at) {
        if (imageByteReader.u8(at) != 0xff) {
            throw new InvalidImageException("JPEG damaged before its pixels");
        }
        return imageByteReader.u8(at + 1);
    }

    /** SOF0 to SOF15, without the three codes in between that mean something else (DHT, JPG, DAC). */
    private static boolean isFrameHeader(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }
}
