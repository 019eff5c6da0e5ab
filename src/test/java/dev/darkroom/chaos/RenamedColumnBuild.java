package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Builds two later versions of the service that rename {@code generations.negative_prompt} to {@code excluded_prompt}: one that adds the
 * new column and uses it, and one that removes the old column.
 */
final class RenamedColumnBuild {
    static final String EXPANDING_VERSION = "0.2.0";
    static final String CONTRACTING_VERSION = "0.3.0";

    private static final Path MAIN = Path.of("src/main/java");
    private static final Path STORE = Path.of("dev/darkroom/generation/store");
    private static final Path VERSION = Path.of("dev/darkroom/server/BuildVersion.java");
    private static final String READ_VERSION = "BuildVersion.class.getPackage().getImplementationVersion()";
    private static final String OLD_COLUMN = "negative_prompt";
    private static final String NEW_COLUMN = "excluded_prompt";
    private static final String EXPAND = "V900__add_excluded_prompt.sql";
    private static final String BACKFILL = "V901__copy_negative_prompt.sql";
    private static final String CONTRACT = "V902__drop_negative_prompt.sql";

    private RenamedColumnBuild() {}

    /** Returns the program of the version that adds the new column. */
    static List<String> expanding(Path directory) throws IOException {
        return compile(directory, EXPANDING_VERSION, EXPAND, BACKFILL);
    }

    /** Returns the program of the version that drops the old column. */
    static List<String> contracting(Path directory) throws IOException {
        return compile(directory, CONTRACTING_VERSION, EXPAND, BACKFILL, CONTRACT);
    }

    private static List<String> compile(Path directory, String version, String... scripts) throws IOException {
        Map<Path, String> sources = new HashMap<>();
        String readVersion = VariantBuild.read(VERSION);
        assertThat(readVersion).contains(READ_VERSION);
        sources.put(VERSION, readVersion.replace(READ_VERSION, '"' + version + '"'));
        int renamed = 0;
        try (Stream<Path> files = Files.list(MAIN.resolve(STORE))) {
            for (Path file : files.toList()) {
                String source = Files.readString(file);
                renamed += source.contains(OLD_COLUMN) ? 1 : 0;
                sources.put(MAIN.relativize(file), source.replace(OLD_COLUMN, NEW_COLUMN));
            }
        }
        assertThat(renamed).as("classes that use the column").isPositive();
        Path classes = VariantBuild.compile(directory.resolve(version), sources);
        Path migrations = Files.createDirectories(classes.resolve("db/migration"));
        for (String script : scripts) {
            Files.copy(Path.of("src/test/resources/db/upgrade", script), migrations.resolve(script));
        }
        return DarkroomInstanceProcess.programWithClasses(classes);
    }
}
