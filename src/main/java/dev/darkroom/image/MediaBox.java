package dev.darkroom.image;

import java.util.ArrayList;
import java.util.List;

/**
 * A box of the ISO base media file format, as offsets in the file. Source: ISO/IEC 14496-12, section 4.2.
 *
 * @param type four characters
 * @param start offset of the header
 * @param content offset after the header
 * @param end offset after the box
 */
record MediaBox(String type, int start, int content, int end) {
    /** Far above the number of boxes of an image, so that a file of many small boxes needs no memory. */
    private static final int MAX_BOXES = 10_000;

    private static final int HEADER_BYTES = 8;
    private static final int LARGE_HEADER_BYTES = 16;

    /**
     * Reads the boxes of a range.
     *
     * @throws InvalidImageException when a box exceeds the range, or bytes remain that are no box
     */
    static List<MediaBox> readAll(ImageByteReader reader, int from, int to) {
        List<MediaBox> boxes = readValid(reader, from, to);
        if ((boxes.isEmpty() ? from : boxes.get(boxes.size() - 1).end()) < to) {
            throw new InvalidImageException("AVIF with an impossible box");
        }
        return boxes;
    }

    /** Reads the boxes of a range up to the first bytes that are no box. */
    static List<MediaBox> readValid(ImageByteReader reader, int from, int to) {
        List<MediaBox> boxes = new ArrayList<>();
        int offset = from;
        while (to - offset >= HEADER_BYTES) {
            MediaBox box = read(reader, offset, to);
            if (box == null) {
                break;
            }
            if (boxes.size() == MAX_BOXES) {
                throw new InvalidImageException("AVIF with too many boxes");
            }
            boxes.add(box);
            offset = box.end();
        }
        return boxes;
    }

    /** Returns null when the size of the box is impossible. */
    private static MediaBox read(ImageByteReader reader, int offset, int to) {
        long size = reader.u32(offset);
        int content = offset + HEADER_BYTES;
        if (size == 0 && to == reader.file().length()) { // a box up to the end of the file
            size = to - offset;
        } else if (size == 1 && to - offset >= LARGE_HEADER_BYTES) {
            content = offset + LARGE_HEADER_BYTES;
            // A size beyond 2^32 exceeds every range.
            size = reader.u32(offset + HEADER_BYTES) == 0 ? reader.u32(offset + HEADER_BYTES + 4) : Long.MAX_VALUE;
        }
        return size < content - offset || size > to - offset
                ? null
                : new MediaBox(reader.tag(offset + 4), offset, content, offset + (int) size);
    }
}
