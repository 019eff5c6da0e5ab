package dev.darkroom.simulator.picture;

/**
 * A colour in sRGB, each part 0 to 1. Immutable.
 */
record Colour(double red, double green, double blue) {

    static Colour of(int rgb) {
        return new Colour(((rgb >> 16) & 0xFF) / 255.0, ((rgb >> 8) & 0xFF) / 255.0, (rgb & 0xFF) / 255.0);
    }

    Colour mix(Colour other, double share) {
        return new Colour(
                red + (other.red - red) * share,
                green + (other.green - green) * share,
                blue + (other.blue - blue) * share);
    }
}
