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

/** Compiles a variant of the service without fencing: its completions check neither lease owner nor lease token. */
final class UnfencedServiceBuild {
    private static final Path STORE_SOURCES = Path.of("src/main/java/dev/darkroom/generation/store");
    private static final Pattern FENCING_CONDITION =
            Pattern.compile("(?:\\w+\\.)?lease_owner = (\\S+) AND (?:\\w+\\.)?lease_token = (\\S+)");

    private UnfencedServiceBuild() {}

    /** Compiles the variant and returns the directory of its classes, which must precede the jar on the class path. */
    static Path compile(Path directory) throws IOException {
        String sql = Files.readString(STORE_SOURCES.resolve("GenerationOutcomeSql.java"));
        int complete = sql.indexOf("String COMPLETE");
        Matcher fence = FENCING_CONDITION.matcher(sql);
        assertThat(complete).as("position of the COMPLETE statement").isPositive();
        assertThat(fence.find(complete)).as("fencing condition exists").isTrue();
        assertThat(fence.end())
                .as("fencing condition belongs to COMPLETE")
                .isLessThan(sql.indexOf("\"\"\";", complete));
        String noFence = fence.group(1) + "::uuid IS NOT NULL AND " + fence.group(2) + "::bigint > 0";
        Path sources = Files.createDirectories(directory.resolve("sources/dev/darkroom/generation/store"));
        Path classes = Files.createDirectories(directory.resolve("classes"));
        Files.writeString(
                sources.resolve("GenerationOutcomeSql.java"),
                // Keeps the parameters, since the service still binds them.
                sql.substring(0, fence.start()) + noFence + sql.substring(fence.end()));
        // The compiler inlines constants, so the class that uses the statement must be compiled too.
        Files.copy(
                STORE_SOURCES.resolve("GenerationOutcomeStore.java"), sources.resolve("GenerationOutcomeStore.java"));
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
                                    sources.resolve("GenerationOutcomeSql.java"),
                                    sources.resolve("GenerationOutcomeStore.java")))
                    .call();
            assertThat(compiled).as("compiled").isTrue();
        }
        return classes;
    }
}
