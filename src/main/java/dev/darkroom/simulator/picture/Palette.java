package dev.darkroom.simulator.picture;

import java.util.List;

/**
 * The colours of one scene. Chosen by hand, then varied a little by dice.
 *
 * @param zenith the sky above
 * @param middle the sky half way down
 * @param horizon the sky where it meets the hills
 * @param light sun or moon, and what it shines on
 * @param far the farthest hills
 * @param near the nearest hill
 * @param night whether stars are out
 */
record Palette(Colour zenith, Colour middle, Colour horizon, Colour light, Colour far, Colour near, boolean night) {

    private static final List<Palette> HAND_PICKED = List.of(
            day(0x3D5A80, 0xB98EA7, 0xF9C6A0, 0xFFF1D6, 0xA98BA6, 0x2B2D4F), // dusk in rose
            day(0x35618E, 0x8FB8CE, 0xF6E7CB, 0xFFFBEF, 0x9DB8C4, 0x1F4248), // clear morning
            day(0x5B4B8A, 0xD77A8B, 0xFFC58A, 0xFFE9B8, 0xB56B86, 0x2E2144), // violet sunset
            day(0x2F6F7E, 0x86BDB0, 0xF3E9C9, 0xFFF8DF, 0x8DB5A6, 0x173B3C), // sea green
            day(0x6C7FA8, 0xC9B7C8, 0xF8DDD0, 0xFFF4EA, 0xB5A7BD, 0x3A3F5C), // mist in lilac
            day(0x8A4B5E, 0xE08A6B, 0xFBD08F, 0xFFEFC2, 0xC77E63, 0x3B1F2E), // desert evening
            day(0x4A6FA5, 0xA9C4DC, 0xFBE3C4, 0xFFF9EC, 0xA9B6BE, 0x33452F), // autumn noon
            night(0x0B1533, 0x1F3A68, 0x6C7FA6, 0xF3F1E4, 0x4B6189, 0x0A1428), // blue hour
            night(0x0A1A2B, 0x114B5F, 0x5B9A95, 0xEAF6EC, 0x2F6671, 0x07171F), // polar night
            night(0x171331, 0x41306B, 0xB57BA0, 0xFBE9EF, 0x6B5189, 0x120E26)); // violet night

    static Palette roll(Dice dice) {
        Palette base = HAND_PICKED.get(dice.below(HAND_PICKED.size()));
        Palette hint = HAND_PICKED.get(dice.below(HAND_PICKED.size()));
        // A hint of another palette of the same time of day: related pictures, never two alike, never out of tune.
        return hint.night == base.night ? base.mix(hint, dice.between(0, 0.35)) : base;
    }

    private Palette mix(Palette other, double share) {
        return new Palette(
                zenith.mix(other.zenith, share),
                middle.mix(other.middle, share),
                horizon.mix(other.horizon, share),
                light.mix(other.light, share),
                far.mix(other.far, share),
                near.mix(other.near, share),
                night);
    }

    private static Palette day(int zenith, int middle, int horizon, int light, int far, int near) {
        return of(zenith, middle, horizon, light, far, near, false);
    }

    private static Palette night(int zenith, int middle, int horizon, int light, int far, int near) {
        return of(zenith, middle, horizon, light, far, near, true);
    }

    private static Palette of(int zenith, int middle, int horizon, int light, int far, int near, boolean night) {
        return new Palette(
                Colour.of(zenith),
                Colour.of(middle),
                Colour.of(horizon),
                Colour.of(light),
                Colour.of(far),
                Colour.of(near),
                night);
    }
}
