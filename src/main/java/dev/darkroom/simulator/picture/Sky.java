package dev.darkroom.simulator.picture;

/** The sky: a gradient, sun or moon, thin clouds, and by night stars and sometimes an aurora. Immutable. */
final class Sky {
    private static final double STARS_PER_UNIT = 26;

    private final Frame frame;
    private final Palette palette;
    private final double horizon;
    private final double lightX;
    private final double lightY;
    private final double lightRadius;
    private final double cloudiness;
    private final Noise clouds;
    private final long stars;
    private final Aurora aurora;

    /** @param horizon where the sky ends, as a share of the height */
    Sky(Frame frame, Palette palette, double horizon, Dice dice) {
        this.frame = frame;
        this.palette = palette;
        this.horizon = horizon * frame.height();
        // Near a third of the width, never in the middle: that is what makes it a composition.
        double third = dice.between(0.24, 0.36);
        this.lightX = (dice.chance(0.5) ? third : 1 - third) * frame.width();
        this.lightY = this.horizon * dice.between(palette.night() ? 0.28 : 0.4, palette.night() ? 0.55 : 0.85);
        this.lightRadius = frame.unit() * dice.between(0.035, palette.night() ? 0.055 : 0.085);
        this.cloudiness = dice.between(0.1, 0.5);
        this.clouds = new Noise(dice.nextLong());
        this.stars = dice.nextLong();
        this.aurora = palette.night() && dice.chance(0.6) ? new Aurora(frame, this.horizon, dice) : null;
    }

    double lightX() {
        return lightX;
    }

    void paint(Pixel pixel, double x, double y) {
        double unit = frame.unit();
        double drift = 0.035 * clouds.at(x / unit * 1.3, y / unit * 2.1 + 40);
        gradient(pixel, Shape.clamp(y / horizon + drift, 0, 1));
        double dx = x - lightX;
        double dy = y - lightY;
        double distance = Math.sqrt(dx * dx + dy * dy);
        if (palette.night()) {
            star(pixel, x, y, Shape.smooth(lightRadius * 2, lightRadius * 6, distance));
            if (aurora != null) {
                aurora.paint(pixel, x, y);
            }
        }
        pixel.shine(palette.light(), (palette.night() ? 0.3 : 0.42) * Shape.bell(distance, lightRadius * 4.5));
        double disc = Shape.clamp(lightRadius - distance + 0.5, 0, 1);
        pixel.over(palette.light(), disc * 0.96);
        cloud(pixel, x / unit, y / unit, y / horizon);
    }

    private void gradient(Pixel pixel, double t) {
        pixel.set(palette.zenith());
        pixel.over(palette.middle(), Shape.smooth(0, 0.66, t));
        pixel.over(palette.horizon(), Shape.smooth(0.45, 1, t));
    }

    private void cloud(Pixel pixel, double x, double y, double t) {
        double density = clouds.fractal(x * 1.6 + 5, y * 6.5, 4) + cloudiness * 0.5;
        double opacity = Shape.smooth(0.12, 0.85, density) * (0.2 + 0.8 * Shape.smooth(0, 0.5, t)) * 0.55;
        if (opacity > 0) {
            pixel.over(palette.night() ? palette.far() : palette.light(), opacity * (palette.night() ? 0.5 : 0.75));
        }
    }

    private void star(Pixel pixel, double x, double y, double clear) {
        double cell = frame.unit() / STARS_PER_UNIT;
        long cellX = (long) Math.floor(x / cell);
        long cellY = (long) Math.floor(y / cell);
        long bits = Dice.mix(stars + cellX * 0x9E3779B97F4A7C15L + cellY * 0xC2B2AE3D27D4EB4FL);
        double rarity = Dice.fraction(bits);
        if (rarity > 0.55) {
            return;
        }
        // Kept away from the edge of the cell, so that no neighbour has to be asked.
        double starX = (cellX + 0.2 + 0.6 * Dice.fraction(Dice.mix(bits + 1))) * cell;
        double starY = (cellY + 0.2 + 0.6 * Dice.fraction(Dice.mix(bits + 2))) * cell;
        double brightness = 1 - rarity / 0.6;
        double dx = x - starX;
        double dy = y - starY;
        double radius = Math.max(0.6, frame.unit() * 0.0016) * (0.5 + brightness);
        double low = 1 - Shape.smooth(0.35, 0.95, y / horizon);
        pixel.shine(palette.light(), Shape.bell(Math.sqrt(dx * dx + dy * dy), radius) * brightness * low * clear);
    }
}
