package dev.darkroom.image;

/** Parses the chunks of a WebP file. Sources: RFC 9649 (container, lossless), RFC 6386 section 9.1 (lossy frame header). */
final class WebpParser {
    private static final int FIRST_CHUNK_OFFSET = 12;
    private static final int CHUNK_HEADER_BYTES = 8;

    private WebpParser() {}

    static boolean hasSignature(ImageByteReader reader) {
        return reader.file().length() >= FIRST_CHUNK_OFFSET
                && reader.tag(0).equals("RIFF")
                && reader.tag(8).equals("WEBP");
    }

    static ImageInspector.Structure parse(ChunkedBytes file) {
        ImageByteReader reader = new ImageByteReader(file);
        long end = reader.u32Little(4) + CHUNK_HEADER_BYTES;
        if (end > file.length()) {
            throw new InvalidImageException("WebP truncated");
        }
        ImageInspector.Structure dimensions = null;
        boolean pixels = false;
        long offset = FIRST_CHUNK_OFFSET;
        while (offset + CHUNK_HEADER_BYTES <= end) {
            int chunk = (int) offset;
            long length = reader.u32Little(chunk + 4);
            if (offset + CHUNK_HEADER_BYTES + length > end) {
                throw new InvalidImageException("WebP truncated");
            }
            String type = reader.tag(chunk);
            if (dimensions == null) {
                dimensions = parseChunkDimensions(reader, type, chunk + CHUNK_HEADER_BYTES);
            }
            pixels |= length > 0 && (type.equals("VP8 ") || type.equals("VP8L") || type.equals("ANMF"));
            offset += CHUNK_HEADER_BYTES + length + (length & 1); // Chunks are padded to even sizes.
        }
        if (dimensions == null || !pixels) {
            throw new InvalidImageException("WebP without pixels");
        }
        return new ImageInspector.Structure(dimensions.width(), dimensions.height(), (int) end);
    }

    private static ImageInspector.Structure parseChunkDimensions(ImageByteReader reader, String type, int data) {
        return switch (type) {
            case "VP8X" ->
                new ImageInspector.Structure(1 + reader.u24Little(data + 4), 1 + reader.u24Little(data + 7), 0);
            case "VP8L" -> parseLossless(reader, data);
            case "VP8 " -> parseLossy(reader, data);
            default -> throw new InvalidImageException("WebP without a header");
        };
    }

    private static ImageInspector.Structure parseLossless(ImageByteReader reader, int data) {
        if (reader.u8(data) != 0x2f) {
            throw new InvalidImageException("WebP damaged in its header");
        }
        long bits = reader.u32Little(data + 1);
        return new ImageInspector.Structure(1 + (int) (bits & 0x3fff), 1 + (int) (bits >> 14 & 0x3fff), 0);
    }

    private static ImageInspector.Structure parseLossy(ImageByteReader reader, int data) {
        boolean keyFrame = (reader.u8(data) & 1) == 0;
        if (!keyFrame || reader.u24Little(data + 3) != 0x2a019d) {
            throw new InvalidImageException("WebP damaged in its header");
        }
        return new ImageInspector.Structure(
                reader.u16Little(data + 6) & 0x3fff, reader.u16Little(data + 8) & 0x3fff, 0);
    }
}
