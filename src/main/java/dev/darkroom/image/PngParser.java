package dev.darkroom.image;

/** The chunks of a PNG file, from the signature to IEND, each with its checksum. Source: W3C PNG, third edition, section 5. */
final class PngParser {
    static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int IHDR_LENGTH = 13;
    private static final int CHUNK_OVERHEAD = 12;

    private PngParser() {}

    static ImageInspector.Dimensions parseDimensions(ChunkedBytes file) {
        ImageByteReader imageByteReader = new ImageByteReader(file);
        ImageInspector.Dimensions dimensions = null;
        boolean pixels = false;
        int at = SIGNATURE.length;
        while (true) {
            long length = imageByteReader.u32(at);
            String type = imageByteReader.tag(at + 4);
            if (length > file.length() - at - (long) CHUNK_OVERHEAD) {
                throw new InvalidImageException("PNG cut off in its " + printable(type) + " chunk");
            }
            checkCrc(imageByteReader, at, (int) length, type);
            if (dimensions == null) {
                dimensions = parseHeader(imageByteReader, at, length, type);
            } else if (type.equals("IDAT")) {
                pixels |= length > 0;
            } else if (type.equals("IEND")) {
                if (!pixels) {
                    throw new InvalidImageException("PNG without pixels");
                }
                return dimensions;
            }
            at += (int) length + CHUNK_OVERHEAD;
        }
    }

    private static ImageInspector.Dimensions parseHeader(
            ImageByteReader imageByteReader, int at, long length, String type) {
        if (!type.equals("IHDR") || length != IHDR_LENGTH) {
            throw new InvalidImageException("PNG without a header");
        }
        // A side past 2^31-1 is illegal; it comes out negative here and is refused with the other impossible sizes.
        return new ImageInspector.Dimensions((int) imageByteReader.u32(at + 8), (int) imageByteReader.u32(at + 12));
    }

    private static void checkCrc(ImageByteReader imageByteReader, int at, int length, String type) {
        if (imageByteReader.crc32(at + 4, length + 4) != imageByteReader.u32(at + 8 + length)) {
            throw new InvalidImageException("PNG damaged in its " + printable(type) + " chunk");
        }
    }

    private static String printable(String type) {
        return type.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) ? type : "unnamed";
    }
}
