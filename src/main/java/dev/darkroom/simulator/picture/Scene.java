package dev.darkroom.simulator.picture;

/**
 * A landscape, as a function from a point to its colour. Prompt and seed choose the palette; the position of a picture among
 * those asked for together changes the land but not the mood.
 */
final class Scene {
    private final Sky sky;
    private final Terrain terrain;
    private final Water water;
    private final Palette palette;

    Scene(Frame frame, String prompt, long seed, int position) {
        long mood = Dice.with(Dice.hash(prompt), seed);
        Dice dice = new Dice(Dice.with(mood, position));
        this.palette = Palette.roll(new Dice(mood));
        double horizon = dice.between(0.46, 0.56);
        this.sky = new Sky(frame, palette, horizon + 0.1, dice);
        this.terrain = new Terrain(frame, palette, horizon, dice);
        this.water = dice.chance(0.4) ? new Water(frame, palette, dice.between(0.66, 0.72), dice) : null;
    }

    Palette palette() {
        return palette;
    }

    void paint(Pixel pixel, int column, int row) {
        double x = column + 0.5;
        double y = row + 0.5;
        if (water != null && water.covers(y)) {
            land(pixel, water.mirroredColumn(x, y), water.mirroredY(x, y));
            water.paint(pixel, x, y, sky.lightX());
        } else {
            land(pixel, column, y);
        }
    }

    private void land(Pixel pixel, int column, double y) {
        int farthest = terrain.farthestSeen(column, y);
        if (farthest < 0) {
            sky.paint(pixel, column + 0.5, y);
        }
        terrain.paint(pixel, Math.max(0, farthest), column, y);
    }
}
