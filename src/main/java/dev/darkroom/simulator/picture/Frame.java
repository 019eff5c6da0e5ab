package dev.darkroom.simulator.picture;

/**
 * The size of a picture and the unit in which scenes are composed: a scene looks the same at every size.
 *
 * @param width in pixels
 * @param height in pixels
 */
record Frame(int width, int height) {

    /** One unit of composition in pixels: the side of the square of the same area. */
    double unit() {
        return Math.sqrt((double) width * height);
    }
}
