package dev.darkroom.image;

/** The chunks of a WebP file. Sources: RFC 9649 (container, lossless), RFC 6386 section 9.1 (lossy frame header). */
final class WebpParser {
    private static final int FIRST_CHUNK_OFFSET = 12;
    private static final int CHUNK_HEADER_BYTES = 8;

    private WebpParser() {}

    static ImageInspector.Dimensions parseDimensions(ChunkedBytes file) {
        ImageByteReader imageByteReader = new ImageByteReader(file);
        long end = imageByteReader.u32Little(4) + CHUNK_HEADER_BYTES;
        if (end > file.length()) {
            throw new InvalidImageException("WebP cut off");
        }
        ImageInspector.Dimensions dimensions = null;
        boolean pixels = false;
        long at = FIRST_CHUNK_OFFSET;
        while (at + CHUNK_HEADER_BYTES <= end) {
            int chunk = (int) at;
            long length = imageByteReader.u32Little(chunk + 4);
            if (at + CHUNK_HEADER_BYTES + length > end) {
                throw new InvalidImageException("WebP cut off");
            }
            String type = imageByteReader.tag(chunk);
            if (dimensions == null) {
                dimensions = parseChunkDimensions(imageByteReader, type, chunk + CHUNK_HEADER_BYTES);
            }
            pixels |= length > 0 && (type.equals("VP8 ") || type.equals("VP8L") || type.equals("ANMF"));
            at += CHUNK_HEADER_BYTES + length + (length & 1); // chunks are padded to even sizes
        }
        if (dimensions == null || !pixels) {
            throw new InvalidImageException("WebP without pixels");
        }
        return dimensions;
    }

    private static ImageInspector.Dimensions parseChunkDimensions(
            ImageByteReader imageByteReader, String type, int data) {
        return switch (type) {
            case "VP8X" ->
                new ImageInspector.Dimensions(
                        1 + imageByteReader.u24Little(data + 4), 1 + imageByteReader.u24Little(data + 7));
            case "VP8L" -> parseLossless(imageByteReader, data);
            case "VP8 " -> parseLossy(imageByteReader, data);
            default -> throw new InvalidImageException("WebP without a header");
        };
    }

    private static ImageInspector.Dimensions parseLossless(ImageByteReader imageByteReader, int data) {
        if (imageByteReader.u8(data) != 0x2f) {
            throw new InvalidImageException("WebP damaged in its header");
        }
        long bits = imageByteReader.u32Little(data + 1);
        return new ImageInspector.Dimensions(1 + (int) (bits & 0x3fff), 1 + (int) (bits >> 14 & 0x3fff));
    }

    private static ImageInspector.Dimensions parseLossy(ImageByteReader imageByteReader, int data) {
        boolean keyFrame = (imageByteReader.u8(data) & 1) == 0;
        if (!keyFrame || imageByteReader.u24Little(data + 3) != 0x2a019d) {
            throw new InvalidImageException("WebP damaged in its header");
        }
        return new ImageInspector.Dimensions(
                imageByteReader.u16Little(data + 6) & 0x3fff, imageByteReader.u16Little(data + 8) & 0x3fff);
    }
}
