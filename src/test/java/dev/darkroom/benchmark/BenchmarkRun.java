package dev.darkroom.benchmark;

import dev.darkroom.testing.TestDirectories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Run of one benchmark in an empty directory, with its own database and a stub AI server without latency. Writes the
 * figures to {@code target/}, and into the docs when the system property {@code darkroom.docs.write} is true.
 *
 * @param name of the file and of the section of the page
 * @param directory working directory, deleted at the start
 * @param parameters of the database server in addition to those of the service
 */
record BenchmarkRun(String name, Path directory, List<String> parameters) {
    private static final Path PAGE = Path.of("docs", "performance.md");

    BenchmarkRun(String name, Path directory) {
        this(name, directory, List.of());
    }

    /** Measures and returns the figures as Markdown. */
    interface BenchmarkBody {
        String measure(ApiBenchmarkDatabase database, StubAiServer aiServer) throws Exception;
    }

    /** Runs the benchmark, writes the figures and exits the JVM. */
    void run(BenchmarkBody benchmarkBody) throws Exception {
        if (Files.exists(directory)) {
            TestDirectories.delete(directory);
        }
        Files.createDirectories(directory);
        String figures;
        try (ApiBenchmarkDatabase database = ApiBenchmarkDatabase.start(directory.resolve("data"), parameters);
                StubAiServer aiServer = new StubAiServer()) {
            figures = benchmarkBody.measure(database, aiServer);
        }
        System.out.println(figures);
        write(figures);
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
