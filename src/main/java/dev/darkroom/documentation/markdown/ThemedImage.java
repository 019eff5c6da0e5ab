package dev.darkroom.documentation.markdown;

import org.commonmark.node.CustomNode;

/** An image with one file for light and one for dark pages. */
public final class ThemedImage extends CustomNode {
    private final String light;
    private final String dark;
    private final String alternative;

    /**
     * @param light destination of the image for light pages in the Markdown file, not resolved
     * @param dark destination of the image for dark pages, not resolved
     * @param alternative text in place of the image
     */
    ThemedImage(String light, String dark, String alternative) {
        this.light = light;
        this.dark = dark;
        this.alternative = alternative;
    }

    public String light() {
        return light;
    }

    public String dark() {
        return dark;
    }

    String alternative() {
        return alternative;
    }
}
