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
    private static final Path DOCS = Path.of("docs");
    private static final Path PAGE = DOCS.resolve("performance.md");
    private static final String CHARTS = "charts";

    BenchmarkRun(String name, Path directory) {
        this(name, directory, List.of());
    }

    /** Measures and returns the figures. */
    interface BenchmarkBody<T> {
        T measure(ApiBenchmarkDatabase database, StubAiServer aiServer) throws Exception;
    }

    /** Runs the benchmark. Writes the figures and the charts, or only prints the ratios of a short form. */
    void run(BenchmarkOptions options, BenchmarkBody<BenchmarkReport> body) throws Exception {
        BenchmarkReport report = measure(body);
        System.out.println(report.renderRatios());
        if (options.brief()) {
            return;
        }
        StringBuilder figures = new StringBuilder(report.render());
        for (BarChart chart : report.charts()) {
            chart.write(Path.of("target", CHARTS));
            figures.append('\n').append(chart.embed(CHARTS));
            if (Boolean.getBoolean("darkroom.docs.write")) {
                chart.write(DOCS.resolve(CHARTS));
            }
        }
        write(figures.toString());
    }

    /** Runs the benchmark and writes the figures, which are Markdown. */
    void run(BenchmarkBody<String> body) throws Exception {
        String figures = measure(body);
        System.out.println(figures);
        write(figures);
    }

    private <T> T measure(BenchmarkBody<T> body) throws Exception {
        if (Files.exists(directory)) {
            TestDirectories.delete(directory);
        }
        Files.createDirectories(directory);
        try (ApiBenchmarkDatabase database = ApiBenchmarkDatabase.start(directory.resolve("data"), parameters);
                StubAiServer aiServer = new StubAiServer()) {
            return body.measure(database, aiServer);
        }
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
