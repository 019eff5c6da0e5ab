package dev.darkroom.simulator.image;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;

/** The darkened strip at the bottom of an image: the word "simulator" and the prompt in up to three lines. */
final class Caption {
    private static final int ADVANCE = BitmapFont.WIDTH + 1;
    private static final int LINE_HEIGHT = BitmapFont.HEIGHT + 3;
    private static final int MARGIN = 5;
    private static final String ELLIPSIS = "...";

    private final int width;
    private final int top;
    private final int scale;
    private final List<String> lines = new ArrayList<>();

    Caption(String prompt, int width, int height) {
        this.width = width;
        // At the minimum side the word "simulator" fits at scale 1.
        int largest = Math.min(width, height) / PlaceholderImageRenderer.MIN_SIDE;
        this.scale = (int) Math.max(1, Math.min(largest, Math.round(Math.sqrt((double) width * height) / 280)));
        lines.add("simulator");
        int maxLines = height / (2 * LINE_HEIGHT * scale) - 1;
        lines.addAll(wrap(printable(prompt), (width / scale - 2 * MARGIN + 1) / ADVANCE, Math.min(3, maxLines)));
        this.top = height - (2 * MARGIN + lines.size() * LINE_HEIGHT - 3) * scale;
    }

    void paint(PixelRow pixels, int y) {
        int row = Math.floorDiv(y - top, scale) - MARGIN;
        int index = Math.floorDiv(row, LINE_HEIGHT);
        String line = index >= 0 && index < lines.size() ? lines.get(index) : "";
        for (int x = 0; x < width && y >= top; x++) {
            pixels.blend(x, 0x0A0D16, 0.66);
            int column = x / scale - MARGIN;
            if (column >= 0
                    && column < line.length() * ADVANCE
                    && BitmapFont.isSet(line.charAt(column / ADVANCE), column % ADVANCE, row % LINE_HEIGHT)) {
                pixels.blend(x, 0xF8F6F0, index == 0 ? 0.55 : 0.95);
            }
        }
    }

    /** Reduces text to characters of the font: letters without accents, plain quotes and dashes, boxes for the rest. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder();
        Normalizer.normalize(text.replace("ß", "ss"), Normalizer.Form.NFKD)
                .replaceAll("[\\p{Mn}\\p{Cf}]", "")
                .replaceAll("[\\s\\p{Cc}\\p{Z}]+", " ")
                .replaceAll("\\p{Pd}", "-")
                .replaceAll("[‘’]", "'")
                .replaceAll("[\\p{Pi}\\p{Pf}]", "\"")
                .strip()
                .codePoints()
                .forEach(c -> printable.append(c < BitmapFont.BOX ? (char) c : BitmapFont.BOX));
        return printable.toString();
    }

    /** Breaks lines at spaces where possible; the last one ends in an ellipsis if text is left. */
    static List<String> wrap(String text, int limit, int maxLines) {
        List<String> wrapped = new ArrayList<>();
        String rest = text;
        while (!rest.isEmpty() && wrapped.size() < maxLines) {
            boolean fits = rest.length() <= limit;
            int space = rest.lastIndexOf(' ', limit);
            int end = fits ? rest.length() : space > 0 ? space : limit;
            boolean truncated = !fits && wrapped.size() == maxLines - 1;
            wrapped.add(
                    truncated
                            ? rest.substring(0, limit - ELLIPSIS.length()).strip() + ELLIPSIS
                            : rest.substring(0, end));
            rest = rest.substring(end).strip();
        }
        return wrapped;
    }
}
