package dev.darkroom.image;

/** The chunks of a WebP file. Sources: RFC 9649 (container, lossless), RFC 6386 section 9.1 (lossy frame header). */
final class WebpStructure {
    private static final int FIRST_CHUNK = 12;
    private static final int HEADER = 8;

    private WebpStructure() {}

    static PictureInspector.Size sizeOf(Blocks file) {
        Bytes bytes = new Bytes(file);
        long end = bytes.u32Little(4) + HEADER;
        if (end > file.length()) {
            throw new NotAPictureException("WebP cut off");
        }
        PictureInspector.Size size = null;
        boolean pixels = false;
        long at = FIRST_CHUNK;
        while (at + HEADER <= end) {
            int chunk = (int) at;
            long length = bytes.u32Little(chunk + 4);
            if (at + HEADER + length > end) {
                throw new NotAPictureException("WebP cut off");
            }
            String type = bytes.tag(chunk);
            if (size == null) {
                size = size(bytes, type, chunk + HEADER);
            }
            pixels |= length > 0 && (type.equals("VP8 ") || type.equals("VP8L") || type.equals("ANMF"));
            at += HEADER + length + (length & 1); // chunks are padded to even sizes
        }
        if (size == null || !pixels) {
            throw new NotAPictureException("WebP without pixels");
        }
        return size;
    }

    private static PictureInspector.Size size(Bytes bytes, String type, int data) {
        return switch (type) {
            case "VP8X" -> new PictureInspector.Size(1 + bytes.u24Little(data + 4), 1 + bytes.u24Little(data + 7));
            case "VP8L" -> lossless(bytes, data);
            case "VP8 " -> lossy(bytes, data);
            default -> throw new NotAPictureException("WebP without a header");
        };
    }

    private static PictureInspector.Size lossless(Bytes bytes, int data) {
        if (bytes.u8(data) != 0x2f) {
            throw new NotAPictureException("WebP damaged in its header");
        }
        long bits = bytes.u32Little(data + 1);
        return new PictureInspector.Size(1 + (int) (bits & 0x3fff), 1 + (int) (bits >> 14 & 0x3fff));
    }

    private static PictureInspector.Size lossy(Bytes bytes, int data) {
        boolean keyFrame = (bytes.u8(data) & 1) == 0;
        if (!keyFrame || bytes.u24Little(data + 3) != 0x2a019d) {
            throw new NotAPictureException("WebP damaged in its header");
        }
        return new PictureInspector.Size(bytes.u16Little(data + 6) & 0x3fff, bytes.u16Little(data + 8) & 0x3fff);
    }
}
