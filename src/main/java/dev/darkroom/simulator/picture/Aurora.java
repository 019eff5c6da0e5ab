package dev.darkroom.simulator.picture;

/** Northern lights: two curtains, sharp below and fading upwards. What depends on the column alone is worked out once. */
final class Aurora {
    private static final Colour LOW = Colour.of(0x7FF0C0);
    private static final Colour HIGH = Colour.of(0x8E7BE8);

    private final double[][] feet = new double[2][];
    private final double[][] strengths = new double[2][];
    private final double tall;

    Aurora(Frame frame, double horizon, Dice dice) {
        this.tall = horizon * dice.between(0.3, 0.42);
        for (int curtain = 0; curtain < feet.length; curtain++) {
            Noise noise = new Noise(dice.nextLong());
            double base = horizon * (0.52 + 0.2 * curtain + dice.between(-0.06, 0.06));
            double dim = curtain == 0 ? 0.62 : 0.42;
            feet[curtain] = new double[frame.width()];
            strengths[curtain] = new double[frame.width()];
            for (int column = 0; column < frame.width(); column++) {
                double x = column / frame.unit();
                feet[curtain][column] = base + horizon * 0.2 * noise.fractal(x * 2.2, 2, 0.4);
                double rays = 0.72 + 0.28 * noise.fractal(x * 26 + 70, 3, 0.6);
                double breadth = Shape.smooth(-0.5, 0.35, noise.at(x * 1.7 + 30));
                strengths[curtain][column] = dim * rays * breadth;
            }
        }
    }

    void paint(Pixel pixel, double x, double y) {
        int column = (int) Shape.clamp(x, 0, feet[0].length - 1.0);
        for (int curtain = 0; curtain < feet.length; curtain++) {
            double rise = (feet[curtain][column] - y) / tall;
            double light = Shape.smooth(-0.12, 0.06, rise) * Shape.bell(Math.max(0, rise), 0.55);
            if (light > 0.003) {
                pixel.shine(LOW.mix(HIGH, Shape.smooth(0.05, 0.7, rise)), light * strengths[curtain][column]);
            }
        }
    }
}
