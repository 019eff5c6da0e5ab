package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where figures go: always to {@code target/}, and into the docs when {@code darkroom.docs.write} says so.
 *
 * @param name of the file and of the place in the page
 */
record FiguresInDocs(String name) {
    private static final Path PAGE = Path.of("docs", "performance.md");

    void write(String figures) throws IOException {
        Files.writeString(Path.of("target", name + ".md"), figures);
        if (Boolean.getBoolean("darkroom.docs.write")) {
            String begin = "<!-- " + name + ": written by the benchmark, do not edit by hand -->\n";
            String end = "<!-- end of " + name + " -->\n";
            String page = Files.readString(PAGE);
            int from = page.indexOf(begin) + begin.length();
            Files.writeString(PAGE, page.substring(0, from) + figures + page.substring(page.indexOf(end)));
        }
    }
}
