package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The service as it would be without the fence: completions that name the generation alone, neither node nor token. */
final class UnfencedServiceBuild {
    private static final Path GENERATION = Path.of("src/main/java/dev/darkroom/generation");
    private static final Pattern FENCING_CONDITION =
            Pattern.compile("(?:\\w+\\.)?lease_owner = (\\S+) AND (?:\\w+\\.)?lease_token = (\\S+)");

    private UnfencedServiceBuild() {}

    /** Compiles it into a directory; its class files have to come before those of the jar. */
    static Path compile(Path directory) throws IOException {
        String sql = Files.readString(GENERATION.resolve("LeaseSql.java"));
        int complete = sql.indexOf("String COMPLETE");
        Matcher fence = FENCING_CONDITION.matcher(sql);
        assertThat(complete).as("the statement that completes").isPositive();
        assertThat(fence.find(complete)).as("a fence").isTrue();
        assertThat(fence.end()).as("is that of the statement").isLessThan(sql.indexOf("\"\"\";", complete));
        String noFence = fence.group(1) + "::uuid IS NOT NULL AND " + fence.group(2) + "::bigint > 0";
        Path sources = Files.createDirectories(directory.resolve("sources/dev/darkroom/generation"));
        Path classes = Files.createDirectories(directory.resolve("classes"));
        Files.writeString(
                sources.resolve("LeaseSql.java"),
                // The parameters are still there, since the service sends them.
                sql.substring(0, fence.start()) + noFence + sql.substring(fence.end()));
        // Statements are constants, and so copied into the class that uses them.
        Files.copy(GENERATION.resolve("LeaseStore.java"), sources.resolve("LeaseStore.java"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            null,
                            files,
                            null,
                            List.of(
                                    "-proc:none",
                                    "-nowarn",
                                    "-classpath",
                                    DarkroomInstanceProcess.jar().toString(),
                                    "-d",
                                    classes.toString()),
                            null,
                            files.getJavaFileObjects(
                                    sources.resolve("LeaseSql.java"), sources.resolve("LeaseStore.java")))
                    .call();
            assertThat(compiled).as("compiled").isTrue();
        }
        return classes;
    }
}
