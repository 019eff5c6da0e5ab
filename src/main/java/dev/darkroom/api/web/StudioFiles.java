package dev.darkroom.api.web;

import dev.darkroom.api.content.StaticContent;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Creates the documents of the studio from the files of the directory {@code web/studio} of the class path. */
public final class StudioFiles {
    private static final String DIRECTORY = "web/studio";
    private static final String INDEX = "index.html";

    private StudioFiles() {}

    /**
     * Values that the server writes into the page, so that the studio needs no request for them.
     *
     * @param authRequired whether every request needs credentials
     * @param simulator whether {@code /simulator/*} is served
     * @param version of this build
     */
    public record PageValues(boolean authRequired, boolean simulator, String version) {}

    /**
     * Reads and compresses the files. Blocks.
     *
     * @return documents by path: {@code index.html} at {@code /}, the others below {@code /studio/}
     */
    public static Map<String, StaticContent> read(PageValues values) {
        Map<String, StaticContent> documents = new TreeMap<>();
        ClassPathDirectory.readFiles(DIRECTORY).forEach((name, bytes) -> {
            if (name.equals(INDEX)) {
                documents.put("/", StaticContent.of(MediaTypes.HTML, fill(bytes, values)));
            } else {
                documents.put("/studio/" + name, StaticContent.of(MediaTypes.ofFile(name), bytes));
            }
        });
        return documents;
    }

    private static String fill(byte[] page, PageValues values) {
        String filled = new String(page, StandardCharsets.UTF_8)
                .replace("{{auth}}", values.authRequired() ? "required" : "local")
                .replace("{{simulator}}", String.valueOf(values.simulator()))
                .replace("{{version}}", values.version());
        if (filled.contains("{{")) {
            throw new IllegalStateException(INDEX + " has an unknown placeholder");
        }
        return filled;
    }
}
