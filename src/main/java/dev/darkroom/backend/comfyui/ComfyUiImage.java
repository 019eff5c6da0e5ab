package dev.darkroom.backend.comfyui;

import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * File in the output directory of a ComfyUI.
 *
 * @param filename untrusted; never null
 * @param subfolder untrusted; empty for none
 */
record ComfyUiImage(String filename, String subfolder) {
    private static final String OUTPUT = "output";

    /** Returns the image of an entry of {@code outputs.*.images}; null for a preview (type "temp") and other values. */
    static ComfyUiImage of(Object entry) {
        return entry instanceof JsonObject image
                        && OUTPUT.equals(image.getValue("type"))
                        && image.getValue("filename") instanceof String filename
                ? new ComfyUiImage(filename, image.getValue("subfolder") instanceof String subfolder ? subfolder : "")
                : null;
    }

    /** Returns path and query of the file below the base URL. */
    String path() {
        return "/view?filename=" + encode(filename) + "&subfolder=" + encode(subfolder) + "&type=" + OUTPUT;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
