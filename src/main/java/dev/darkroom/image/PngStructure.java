package dev.darkroom.image;

/** The chunks of a PNG file, from the signature to IEND, each with its checksum. Source: W3C PNG, third edition, section 5. */
final class PngStructure {
    static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int IHDR_LENGTH = 13;
    private static final int AROUND_DATA = 12;

    private PngStructure() {}

    static PictureInspector.Size sizeOf(Blocks file) {
        Bytes bytes = new Bytes(file);
        PictureInspector.Size size = null;
        boolean pixels = false;
        int at = SIGNATURE.length;
        while (true) {
            long length = bytes.u32(at);
            String type = bytes.tag(at + 4);
            if (length > file.length() - at - (long) AROUND_DATA) {
                throw new NotAPictureException("PNG cut off in its " + printable(type) + " chunk");
            }
            checkCrc(bytes, at, (int) length, type);
            if (size == null) {
                size = header(bytes, at, length, type);
            } else if (type.equals("IDAT")) {
                pixels |= length > 0;
            } else if (type.equals("IEND")) {
                if (!pixels) {
                    throw new NotAPictureException("PNG without pixels");
                }
                return size;
            }
            at += (int) length + AROUND_DATA;
        }
    }

    private static PictureInspector.Size header(Bytes bytes, int at, long length, String type) {
        if (!type.equals("IHDR") || length != IHDR_LENGTH) {
            throw new NotAPictureException("PNG without a header");
        }
        // A side past 2^31-1 is illegal; it comes out negative here and is refused with the other impossible sizes.
        return new PictureInspector.Size((int) bytes.u32(at + 8), (int) bytes.u32(at + 12));
    }

    private static void checkCrc(Bytes bytes, int at, int length, String type) {
        if (bytes.crc32(at + 4, length + 4) != bytes.u32(at + 8 + length)) {
            throw new NotAPictureException("PNG damaged in its " + printable(type) + " chunk");
        }
    }

    private static String printable(String type) {
        return type.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) ? type : "unnamed";
    }
}
