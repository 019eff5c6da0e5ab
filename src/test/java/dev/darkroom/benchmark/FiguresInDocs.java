package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the figures go: always to {@code target/}, and into the docs when {@code darkroom.docs.write} says so. */
final class FiguresInDocs {
    private static final Path FILE = Path.of("target", "benchmark.md");
    private static final Path PAGE = Path.of("docs", "performance.md");
    private static final String BEGIN = "<!-- figures: written by the benchmark, do not edit by hand -->\n";
    private static final String END = "<!-- end of figures -->\n";

    private FiguresInDocs() {}

    static void write(String figures) throws IOException {
        Files.writeString(FILE, figures);
        if (Boolean.getBoolean("darkroom.docs.write")) {
            String page = Files.readString(PAGE);
            int from = page.indexOf(BEGIN) + BEGIN.length();
            Files.writeString(PAGE, page.substring(0, from) + figures + page.substring(page.indexOf(END)));
        }
    }
}
