package dev.darkroom.simulator.picture;

import java.util.List;

/**
 * The band at the foot of a picture: the word "simulator", so that nobody takes it for the work of a model, and the prompt as
 * far as there is room.
 */
final class Caption {
    private static final int[] NAME = Lettering.letters("simulator");
    private static final double NAME_HEIGHT = 6.5;

    private final int top;
    private final Lettering name;
    private final Lettering words;
    private final Colour band;
    private final Colour nameColour;
    private static final Colour WORDS = new Colour(0.97, 0.97, 0.96);

    Caption(Frame frame, String prompt, Palette palette) {
        int smallest = Math.min(frame.width(), frame.height());
        // Half steps: stems stay on the pixel grid, or half way, where they look the same everywhere.
        double scale = Math.max(1, Math.round(smallest / 256.0 * 2) / 2.0);
        double pen = Math.max(1, scale * 0.86);
        double margin = Math.max(4, Math.round(smallest / 26.0));
        double room = frame.height() * 0.42 - 2 * margin - NAME_HEIGHT * scale;
        int most = (int) Shape.clamp(Math.floor(room / (Lettering.LINE * scale)), 0, 3);
        List<int[]> lines = Lettering.wrap(
                Lettering.letters(prompt.strip().replaceAll("[\\s\\p{Cc}]+", " ")),
                (frame.width() - 2 * margin) / scale,
                most);
        double tall = 2 * margin + NAME_HEIGHT * scale + lines.size() * Lettering.LINE * scale;
        int height = (int) Math.min(frame.height(), Math.ceil(tall));
        this.top = frame.height() - height;
        this.name = new Lettering(frame.width(), height);
        this.words = new Lettering(frame.width(), height);
        this.band = palette.near().mix(new Colour(0.02, 0.03, 0.06), 0.6);
        this.nameColour = palette.light().mix(palette.horizon(), 0.45);
        double snap = Math.round(pen) % 2 == 0 ? 0 : 0.5;
        double baseLine = Math.floor(margin + 6 * scale) + snap;
        double left = margin + snap;
        name.write(NAME, left, baseLine, scale, pen);
        for (int[] line : lines) {
            baseLine += Math.round(Lettering.LINE * scale);
            words.write(line, left, baseLine, scale, pen);
        }
    }

    void paint(Pixel pixel, int column, int row) {
        int inside = row - top;
        if (inside < 0) {
            return;
        }
        pixel.over(band, 0.66);
        pixel.over(nameColour, name.ink(column, inside));
        pixel.over(WORDS, words.ink(column, inside) * 0.95);
    }
}
