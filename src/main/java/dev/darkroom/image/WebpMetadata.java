package dev.darkroom.image;

import java.util.Set;

/** Selects the chunks of a WebP file that are no metadata. Source: RFC 9649, section 2. */
final class WebpMetadata {
    /** All others are removed: {@code EXIF}, {@code XMP } and private ones. */
    private static final Set<String> KEPT = Set.of("VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP");

    private static final int FILE_HEADER_BYTES = 12;
    private static final int CHUNK_HEADER_BYTES = 8;
    /** Offset of the flags in a file that starts with the chunk VP8X. */
    private static final int FLAGS_OFFSET = FILE_HEADER_BYTES + CHUNK_HEADER_BYTES;

    private static final int EXIF_AND_XMP_FLAGS = 0x08 | 0x04;

    private WebpMetadata() {}

    static KeptRanges findKeptRanges(ImageByteReader reader) {
        KeptRanges kept = new KeptRanges();
        kept.add(0, FILE_HEADER_BYTES);
        long end = reader.u32Little(4) + CHUNK_HEADER_BYTES;
        if (end > reader.file().length()) {
            throw new InvalidImageException("WebP truncated");
        }
        long offset = FILE_HEADER_BYTES;
        while (offset + CHUNK_HEADER_BYTES <= end) {
            long length = reader.u32Little((int) offset + 4);
            if (offset + CHUNK_HEADER_BYTES + length > end) {
                throw new InvalidImageException("WebP truncated");
            }
            long next = offset + CHUNK_HEADER_BYTES + length + (length & 1); // Chunks are padded to even sizes.
            if (KEPT.contains(reader.tag((int) offset))) {
                kept.add((int) offset, (int) Math.min(next, end));
            }
            offset = next;
        }
        return kept;
    }

    /** Returns the start of the file for the kept ranges: with their total size, and without flags for metadata. */
    static byte[] createHeader(ImageByteReader reader, KeptRanges kept) {
        boolean extended = reader.tag(FILE_HEADER_BYTES).equals("VP8X");
        int flags = reader.u8(FLAGS_OFFSET);
        byte[] header = reader.file().prefix(extended ? FLAGS_OFFSET + 1 : FILE_HEADER_BYTES);
        int size = kept.length() - CHUNK_HEADER_BYTES;
        for (int i = 0; i < 4; i++) {
            header[4 + i] = (byte) (size >> 8 * i);
        }
        if (extended) {
            header[FLAGS_OFFSET] = (byte) (flags & ~EXIF_AND_XMP_FLAGS);
        }
        return header;
    }
}
