package dev.darkroom.image;

/** Parses the chunks of a PNG file from the signature to IEND and checks their CRCs. Source: W3C PNG, third edition, section 5. */
final class PngParser {
    static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int IHDR_LENGTH = 13;
    private static final int CHUNK_OVERHEAD = 12;

    private PngParser() {}

    static ImageInspector.Structure parse(ChunkedBytes file) {
        ImageByteReader reader = new ImageByteReader(file);
        ImageInspector.Structure dimensions = null;
        boolean pixels = false;
        int offset = SIGNATURE.length;
        while (true) {
            long length = reader.u32(offset);
            String type = reader.tag(offset + 4);
            if (length > file.length() - offset - (long) CHUNK_OVERHEAD) {
                throw new InvalidImageException("PNG truncated in its " + printable(type) + " chunk");
            }
            checkCrc(reader, offset, (int) length, type);
            if (dimensions == null) {
                dimensions = parseHeader(reader, offset, length, type);
            } else if (type.equals("IDAT")) {
                pixels |= length > 0;
            } else if (type.equals("IEND")) {
                if (!pixels) {
                    throw new InvalidImageException("PNG without pixels");
                }
                return new ImageInspector.Structure(
                        dimensions.width(), dimensions.height(), offset + (int) length + CHUNK_OVERHEAD);
            }
            offset += (int) length + CHUNK_OVERHEAD;
        }
    }

    private static ImageInspector.Structure parseHeader(ImageByteReader reader, int offset, long length, String type) {
        if (!type.equals("IHDR") || length != IHDR_LENGTH) {
            throw new InvalidImageException("PNG without a header");
        }
        // A side beyond 2^31-1 is invalid. It becomes negative here, and ImageInspector rejects it.
        return new ImageInspector.Structure((int) reader.u32(offset + 8), (int) reader.u32(offset + 12), 0);
    }

    private static void checkCrc(ImageByteReader reader, int offset, int length, String type) {
        if (reader.crc32(offset + 4, length + 4) != reader.u32(offset + 8 + length)) {
            throw new InvalidImageException("PNG damaged in its " + printable(type) + " chunk");
        }
    }

    private static String printable(String type) {
        return type.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) ? type : "unnamed";
    }
}
