package dev.darkroom.simulator.picture;

import java.util.Arrays;
import java.util.PriorityQueue;

/** Huffman codes as deflate uses them: canonical, of limited length. Source: RFC 1951, section 3.2.2. */
final class Huffman {
    private Huffman() {}

    /** The length of each symbol's code in bits, 0 for a symbol that does not occur; none longer than {@code longest}. */
    static int[] lengths(int[] frequencies, int longest) {
        int[] weights = frequencies.clone();
        int[] lengths = tree(weights);
        while (Arrays.stream(lengths).max().orElse(0) > longest) {
            // Flatter weights make a flatter tree; a little compression is lost, no symbol is.
            for (int i = 0; i < weights.length; i++) {
                weights[i] = weights[i] == 0 ? 0 : weights[i] / 2 + 1;
            }
            lengths = tree(weights);
        }
        return lengths;
    }

    /** The codes for these lengths, bits reversed: deflate writes them from the highest. */
    static int[] codes(int[] lengths) {
        int[] next = new int[17];
        for (int length : lengths) {
            next[length + 1] += length == 0 ? 0 : 1;
        }
        for (int length = 1; length < next.length; length++) {
            next[length] = (next[length] + next[length - 1]) << 1;
        }
        int[] codes = new int[lengths.length];
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            if (lengths[symbol] > 0) {
                codes[symbol] = reverse(next[lengths[symbol]]++, lengths[symbol]);
            }
        }
        return codes;
    }

    static int reverse(int code, int length) {
        return Integer.reverse(code) >>> (32 - length);
    }

    private static int[] tree(int[] weights) {
        int[] parents = new int[weights.length * 2];
        // Weight in the upper, node in the lower half: equal weights are always taken in the same order.
        PriorityQueue<Long> queue = new PriorityQueue<>();
        for (int symbol = 0; symbol < weights.length; symbol++) {
            if (weights[symbol] > 0) {
                queue.add((long) weights[symbol] << 32 | symbol);
            }
        }
        int[] lengths = new int[weights.length];
        if (queue.size() == 1) {
            lengths[(int) (queue.remove() & 0xFFFFFFFFL)] = 1;
            return lengths;
        }
        int node = weights.length;
        while (queue.size() > 1) {
            long first = queue.remove();
            long second = queue.remove();
            parents[(int) first] = node;
            parents[(int) second] = node;
            queue.add(((first >>> 32) + (second >>> 32)) << 32 | node++);
        }
        for (int symbol = 0; symbol < weights.length; symbol++) {
            for (int up = weights[symbol] > 0 ? parents[symbol] : 0; up != 0; up = parents[up]) {
                lengths[symbol]++;
            }
        }
        return lengths;
    }
}
