package dev.darkroom.benchmark;

import dev.darkroom.testing.TestDirectories;
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
record BenchmarkRun(String name, Path directory, List<String> parameters) {
    private static final Path PAGE = Path.of("docs", "performance.md");

    BenchmarkRun(String name, Path directory) {
        this(name, directory, List.of());
    }

    /** What tells figures as Markdown. */
    interface BenchmarkBody {
        String of(ApiBenchmarkDatabase database, StubAiServer aiServer) throws Exception;
    }

    /** Ends the virtual machine once it has written. */
    void run(BenchmarkBody benchmarkBody) throws Exception {
        if (Files.exists(directory)) {
            TestDirectories.delete(directory);
        }
        Files.createDirectories(directory);
        String measured;
        try (ApiBenchmarkDatabase database = ApiBenchmarkDatabase.start(directory.resolve("data"), parameters);
                StubAiServer aiServer = new StubAiServer()) {
            measured = benchmarkBody.of(database, aiServer);
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
