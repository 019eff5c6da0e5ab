package dev.darkroom.simulator.picture;

/** Conifers along a crest. Immutable. */
final class Wood implements Ridge.Profile {
    private static final int TIERS = 4;

    private final Ridge.Profile ground;
    private final double spacing;
    private final double tall;
    private final long seed;
    private final Noise groves;

    /** @param scale 1 for trees close by */
    Wood(Frame frame, Ridge.Profile ground, double scale, long seed) {
        this.ground = ground;
        this.spacing = frame.unit() * 0.02 * scale;
        this.tall = frame.unit() * 0.085 * scale;
        this.seed = seed;
        this.groves = new Noise(seed + 1);
    }

    @Override
    public double crest(double x) {
        double top = ground.crest(x);
        long slot = (long) Math.floor(x / spacing);
        for (long neighbour = slot - 2; neighbour <= slot + 2; neighbour++) {
            top = Math.min(top, tree(x, neighbour));
        }
        return top;
    }

    private double tree(double x, long slot) {
        double density = groves.at(slot * 0.09);
        long bits = Dice.mix(seed + slot * 0x9E3779B97F4A7C15L);
        if (Dice.fraction(bits) > 0.55 + density * 0.9) {
            return Double.MAX_VALUE;
        }
        double centre = (slot + Dice.fraction(Dice.mix(bits + 1))) * spacing;
        double height = tall * (0.45 + 0.55 * Dice.fraction(Dice.mix(bits + 2)));
        double half = height * 0.2;
        double aside = Math.abs(x - centre) / half;
        if (aside >= 1) {
            return Double.MAX_VALUE;
        }
        // Branches hang in tiers: a saw tooth on a cone, seen from the outside in.
        double step = aside * TIERS;
        double tier = Math.floor(step);
        double inTier = step - tier;
        double profile = 1 - (tier + 0.45 + 0.55 * inTier) / TIERS;
        double tip = aside < 0.06 ? 0.12 : 0;
        return ground.crest(centre) - height * Math.max(0, profile + tip);
    }
}
