package dev.darkroom.benchmark;

import dev.darkroom.testing.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Measures in an empty directory, on a database of its own and with an AI server that takes no time; the figures go to
 * {@code target/}, and into the docs when {@code darkroom.docs.write} says so.
 *
 * @param name of the file and of the place in the page
 * @param directory where everything is kept that is used only for measuring
 * @param parameters of the database server beside those of the service
 */
record Measurement(String name, Path directory, List<String> parameters) {
    private static final Path PAGE = Path.of("docs", "performance.md");

    Measurement(String name, Path directory) {
        this(name, directory, List.of());
    }

    /** What tells figures as Markdown. */
    interface Figures {
        String of(BenchmarkDatabase database, Arrivals aiServer) throws Exception;
    }

    /** Ends the virtual machine once it has written. */
    void run(Figures figures) throws Exception {
        if (Files.exists(directory)) {
            Directories.delete(directory);
        }
        Files.createDirectories(directory);
        String measured;
        try (BenchmarkDatabase database = BenchmarkDatabase.start(directory.resolve("data"), parameters);
                Arrivals aiServer = new Arrivals()) {
            measured = figures.of(database, aiServer);
        }
        System.out.println(measured);
        write(measured);
        System.exit(0);
    }

    private void write(String figures) throws IOException {
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
