package dev.darkroom.simulator.picture;

/** The pixel being painted: layers are laid over it from far to near. Mutable and reused, so that painting makes no garbage. */
final class Pixel {
    double red;
    double green;
    double blue;

    void set(Colour colour) {
        red = colour.red();
        green = colour.green();
        blue = colour.blue();
    }

    /** Lays a colour over what is there; an opacity of 1 hides it. */
    void over(Colour colour, double opacity) {
        over(colour.red(), colour.green(), colour.blue(), opacity);
    }

    void over(double r, double g, double b, double opacity) {
        red += (r - red) * opacity;
        green += (g - green) * opacity;
        blue += (b - blue) * opacity;
    }

    /** Adds light, the way two lamps on one wall do: never beyond white. */
    void shine(Colour light, double strength) {
        red += (1 - red) * light.red() * strength;
        green += (1 - green) * light.green() * strength;
        blue += (1 - blue) * light.blue() * strength;
    }
}
