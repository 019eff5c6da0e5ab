package dev.darkroom.simulator.picture;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Text as strokes of a pen on a mask. Sizes are in pixels per unit; a capital is 6 units high, a line {@link #LINE} units.
 * Not thread-safe.
 */
final class Lettering {
    /** From one base line to the next, in units. */
    static final double LINE = 11;

    /** Between two letters, from stroke to stroke, in half units. */
    private static final int GAP = 4;

    /** More letters than ever fit; what is behind them need not be measured. */
    private static final int LONGEST = 4000;

    private static final int CEDILLA = 0x0327;
    private static final int DOTLESS_I = 0x0131;

    private final int width;
    private final int height;
    private final float[] ink;

    Lettering(int width, int height) {
        this.width = width;
        this.height = height;
        this.ink = new float[width * height];
    }

    /** How much of a pixel is covered, 0 to 1. */
    float ink(int x, int y) {
        return ink[y * width + x];
    }

    /** Splits off accents, unifies typographic signs and leaves out what has no width. */
    static int[] letters(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFD)
                .codePoints()
                .map(Lettering::plain)
                .filter(letter -> letter >= 0)
                .limit(LONGEST)
                .toArray();
    }

    /** The width of letters from {@code from} to {@code to} at one pixel per unit. */
    static double width(int[] letters, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += isMark(letters[i]) ? 0 : Glyphs.of(letters[i]).width() + GAP;
        }
        return Math.max(0, sum - GAP + 2) / 2;
    }

    /**
     * Breaks a text into lines.
     *
     * @param limit the width of a line in units
     * @param most how many lines there may be; the last one ends in an ellipsis when the text goes on
     */
    static List<int[]> wrap(int[] letters, double limit, int most) {
        List<int[]> lines = new ArrayList<>();
        int start = 0;
        while (start < letters.length && lines.size() < most) {
            int end = start;
            int space = -1;
            while (end < letters.length && width(letters, start, end + 1) <= limit) {
                space = letters[end] == ' ' ? end : space;
                end++;
            }
            boolean rest = end < letters.length;
            if (rest && lines.size() == most - 1) {
                lines.add(ellipsis(letters, start, end, limit));
                return lines;
            }
            if (rest && letters[end] != ' ' && space > start) {
                end = space;
            }
            end = Math.max(end, start + 1);
            lines.add(Arrays.copyOfRange(letters, start, end));
            start = end < letters.length && letters[end] == ' ' ? end + 1 : end;
        }
        return lines;
    }

    /** Writes one line of {@link #letters(String)} with its base line at {@code y}, in pixels. */
    void write(int[] letters, double x, double y, double scale, double pen) {
        double at = x;
        double markX = x;
        double markY = y;
        for (int i = 0; i < letters.length; i++) {
            if (isMark(letters[i])) {
                draw(Glyphs.mark(letters[i]), markX, letters[i] == CEDILLA ? y : markY, scale, pen);
                continue;
            }
            boolean marked = i + 1 < letters.length && isMark(letters[i + 1]);
            Glyph glyph = Glyphs.of(marked && letters[i] == 'i' ? DOTLESS_I : letters[i]);
            draw(glyph, at, y, scale, pen);
            // Accents are drawn for a letter as wide and high as n: put in the middle, and on top of capitals.
            markX = at + (glyph.width() / 2.0 - 3) * scale / 2;
            markY = Character.isUpperCase(letters[i]) ? y - 2 * scale : y;
            at += (glyph.width() + GAP) * scale / 2;
        }
    }

    private void draw(Glyph glyph, double x, double y, double scale, double pen) {
        for (double[] stroke : glyph.strokes()) {
            for (int i = 0; i + 3 < stroke.length; i += 2) {
                line(
                        x + stroke[i] * scale / 2,
                        y - (stroke[i + 1] - Glyphs.BASE_LINE) * scale / 2,
                        x + stroke[i + 2] * scale / 2,
                        y - (stroke[i + 3] - Glyphs.BASE_LINE) * scale / 2,
                        pen / 2);
            }
        }
    }

    private void line(double x0, double y0, double x1, double y1, double radius) {
        double dx = x1 - x0;
        double dy = y1 - y0;
        double square = dx * dx + dy * dy;
        int left = (int) Math.max(0, Math.floor(Math.min(x0, x1) - radius - 1));
        int right = (int) Math.min(width - 1.0, Math.ceil(Math.max(x0, x1) + radius + 1));
        int top = (int) Math.max(0, Math.floor(Math.min(y0, y1) - radius - 1));
        int bottom = (int) Math.min(height - 1.0, Math.ceil(Math.max(y0, y1) + radius + 1));
        for (int row = top; row <= bottom; row++) {
            for (int column = left; column <= right; column++) {
                double px = column + 0.5 - x0;
                double py = row + 0.5 - y0;
                double along = square == 0 ? 0 : Shape.clamp((px * dx + py * dy) / square, 0, 1);
                double awayX = px - along * dx;
                double awayY = py - along * dy;
                double covered = Shape.clamp(radius + 0.5 - Math.sqrt(awayX * awayX + awayY * awayY), 0, 1);
                ink[row * width + column] = Math.max(ink[row * width + column], (float) covered);
            }
        }
    }

    private static int[] ellipsis(int[] letters, int start, int end, double limit) {
        int cut = end;
        int[] line;
        do {
            while (cut > start && letters[cut - 1] == ' ') {
                cut--;
            }
            line = Arrays.copyOfRange(letters, start, cut + 1);
            line[cut - start] = '…';
            cut--;
        } while (cut >= start && width(line, 0, line.length) > limit);
        return line;
    }

    private static int plain(int letter) {
        return switch (letter) {
            case '‘', '’', '‚' -> '\'';
            case '“', '”', '„', '«', '»' -> '"';
            case '–', '—', '−', '‐', '‑' -> '-';
            default -> {
                if (isMark(letter)) {
                    yield Glyphs.mark(letter) == null ? -1 : letter;
                }
                yield Character.getType(letter) == Character.FORMAT ? -1 : letter;
            }
        };
    }

    private static boolean isMark(int letter) {
        return Character.getType(letter) == Character.NON_SPACING_MARK;
    }
}
