package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles modified classes of the service. */
final class VariantBuild {
    private static final Path MAIN = Path.of("src/main/java");

    private VariantBuild() {}

    /**
     * Compiles classes against the jar.
     *
     * @param directory for sources and classes
     * @param sources contents by path below {@code src/main/java}
     * @return the directory of the classes, which must precede the jar on the class path
     */
    static Path compile(Path directory, Map<Path, String> sources) throws IOException {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        List<Path> files = new ArrayList<>();
        for (Map.Entry<Path, String> source : sources.entrySet()) {
            Path file = directory.resolve("sources").resolve(source.getKey().toString());
            Files.createDirectories(file.getParent());
            files.add(Files.writeString(file, source.getValue()));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager fileManager = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            null,
                            fileManager,
                            null,
                            List.of(
                                    "-proc:none",
                                    "-nowarn",
                                    "-classpath",
                                    DarkroomInstanceProcess.jar().toString(),
                                    "-d",
                                    classes.toString()),
                            null,
                            fileManager.getJavaFileObjectsFromPaths(files))
                    .call();
            assertThat(compiled).as("compiled").isTrue();
        }
        return classes;
    }

    /** Returns a source of the service. */
    static String read(Path source) throws IOException {
        return Files.readString(MAIN.resolve(source));
    }
}
