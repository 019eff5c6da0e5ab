package dev.darkroom.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Ranges of a file to keep, in ascending order. Joins adjacent ranges. Not thread-safe. */
final class KeptRanges {
    private static final int BLOCK_BYTES = 16 * 1024;

    private final List<Range> ranges = new ArrayList<>();
    private int length;

    /** Range of offsets from {@code from}, inclusive, to {@code to}, exclusive. */
    private record Range(int from, int to) {}

    /** Adds a range that starts at or after the end of the last one. */
    void add(int from, int to) {
        int last = ranges.size() - 1;
        if (last >= 0 && ranges.get(last).to() == from) {
            ranges.set(last, new Range(ranges.get(last).from(), to));
        } else {
            ranges.add(new Range(from, to));
        }
        length += to - from;
    }

    /** Returns the total number of bytes. */
    int length() {
        return length;
    }

    /**
     * Copies the ranges, unless they are the whole file.
     *
     * @param file drained by the copy
     * @param header replaces the first bytes of the first range; empty for none
     */
    ChunkedBytes copyFrom(ChunkedBytes file, byte[] header) {
        if (length == file.length()) {
            return file;
        }
        return collectFrom(file, header).build();
    }

    /** Copies the ranges, as {@link #copyFrom}, even if they are the whole file. */
    ChunkedBytes.Builder collectFrom(ChunkedBytes file, byte[] header) {
        ChunkedBytes.Builder copy = new ChunkedBytes.Builder().append(header, 0, header.length);
        byte[] block = new byte[BLOCK_BYTES];
        try (InputStream in = file.drain()) {
            int position = 0;
            for (Range range : ranges) {
                int from = Math.max(range.from(), header.length);
                in.skipNBytes(from - position);
                for (int left = range.to() - from; left > 0; ) {
                    int count = in.readNBytes(block, 0, Math.min(left, block.length));
                    copy.append(block, 0, count);
                    left -= count;
                }
                position = range.to();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return copy;
    }
}
