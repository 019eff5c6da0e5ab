package dev.darkroom.simulator.picture;

import java.util.zip.Adler32;

/**
 * Compresses with Huffman codes and repetitions of one byte. Own code because the output of {@link java.util.zip.Deflater}
 * depends on the zlib that a JDK was built with, and a picture is to have the same bytes everywhere. Sources: RFC 1950 (zlib),
 * RFC 1951 (deflate).
 */
final class Zlib {
    private static final int BLOCK = 1 << 16;
    private static final int END_OF_BLOCK = 256;
    private static final int SYMBOLS = 286;
    private static final int LONGEST_CODE = 15;
    private static final int SHORTEST_RUN = 4;
    private static final int LONGEST_RUN = 258;

    private final byte[] data;
    private final Bits out;
    private final int[] tokens = new int[BLOCK + 1];

    private Zlib(byte[] data) {
        this.data = data;
        this.out = new Bits(data.length / 3 + 1024);
    }

    /** The zlib stream of {@code data}. */
    static byte[] compress(byte[] data) {
        Zlib zlib = new Zlib(data);
        zlib.out.write(0x78, 8);
        zlib.out.write(0x01, 8);
        int from = 0;
        do {
            int to = Math.min(data.length, from + BLOCK);
            zlib.block(from, to, to == data.length);
            from = to;
        } while (from < data.length);
        zlib.out.align();
        Adler32 adler = new Adler32();
        adler.update(data);
        int sum = (int) adler.getValue();
        for (int shift = 24; shift >= 0; shift -= 8) {
            zlib.out.write((sum >>> shift) & 0xFF, 8);
        }
        return zlib.out.bytes();
    }

    private void block(int from, int to, boolean last) {
        int[] frequencies = new int[SYMBOLS];
        int count = tokens(from, to);
        for (int i = 0; i < count; i++) {
            frequencies[symbol(tokens[i])]++;
        }
        int[] lengths = Huffman.lengths(frequencies, LONGEST_CODE);
        int[] codes = Huffman.codes(lengths);
        header(lengths, last);
        for (int i = 0; i < count; i++) {
            int symbol = symbol(tokens[i]);
            out.write(codes[symbol], lengths[symbol]);
            if (symbol > END_OF_BLOCK) {
                int run = tokens[i] - END_OF_BLOCK;
                out.write(run - base(symbol), extraBits(symbol));
                out.write(0, 1); // the only distance: one byte back
            }
        }
    }

    /** A byte stands for itself, {@code 256 + n} for n repetitions of the byte before. */
    private int tokens(int from, int to) {
        int count = 0;
        int at = from;
        while (at < to) {
            int run = 0;
            if (at > 0) {
                int most = Math.min(LONGEST_RUN, to - at);
                while (run < most && data[at + run] == data[at - 1]) {
                    run++;
                }
            }
            if (run >= SHORTEST_RUN) {
                tokens[count++] = END_OF_BLOCK + run;
                at += run;
            } else {
                tokens[count++] = data[at++] & 0xFF;
            }
        }
        tokens[count++] = END_OF_BLOCK;
        return count;
    }

    private void header(int[] lengths, boolean last) {
        out.write(last ? 1 : 0, 1);
        out.write(2, 2); // dynamic Huffman codes
        out.write(SYMBOLS - 257, 5);
        out.write(0, 5); // one distance code
        out.write(19 - 4, 4);
        // The code of the code lengths themselves: 16, 17 and 18 unused, four bits for each of the others.
        for (int i = 0; i < 19; i++) {
            out.write(i < 3 ? 0 : 4, 3);
        }
        for (int length : lengths) {
            out.write(Huffman.reverse(length, 4), 4);
        }
        out.write(Huffman.reverse(1, 4), 4);
    }

    private static int symbol(int token) {
        if (token <= END_OF_BLOCK) {
            return token;
        }
        int run = token - END_OF_BLOCK;
        if (run == LONGEST_RUN) {
            return 285;
        }
        if (run < 11) {
            return 254 + run;
        }
        int extra = 29 - Integer.numberOfLeadingZeros(run - 3);
        return 257 + 4 * extra + ((run - 3) >> extra);
    }

    private static int extraBits(int symbol) {
        return symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4;
    }

    private static int base(int symbol) {
        if (symbol < 265) {
            return symbol - 254;
        }
        if (symbol == 285) {
            return LONGEST_RUN;
        }
        int extra = extraBits(symbol);
        return ((4 + (symbol - 265) % 4) << extra) + 3;
    }
}
