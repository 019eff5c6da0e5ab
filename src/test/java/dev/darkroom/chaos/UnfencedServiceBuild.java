package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compiles a variant of the service without fencing: its completions check neither lease owner nor lease token. */
final class UnfencedServiceBuild {
    private static final Path STORE = Path.of("dev/darkroom/generation/store");
    private static final Pattern FENCING_CONDITION =
            Pattern.compile("(?:\\w+\\.)?lease_owner = (\\S+) AND (?:\\w+\\.)?lease_token = (\\S+)");

    private UnfencedServiceBuild() {}

    /** Compiles the variant and returns the directory of its classes, which must precede the jar on the class path. */
    static Path compile(Path directory) throws IOException {
        String sql = VariantBuild.read(STORE.resolve("GenerationOutcomeSql.java"));
        int complete = sql.indexOf("String COMPLETE");
        Matcher fence = FENCING_CONDITION.matcher(sql);
        assertThat(complete).as("position of the COMPLETE statement").isPositive();
        assertThat(fence.find(complete)).as("fencing condition exists").isTrue();
        assertThat(fence.end())
                .as("fencing condition belongs to COMPLETE")
                .isLessThan(sql.indexOf("\"\"\";", complete));
        String noFence = fence.group(1) + "::uuid IS NOT NULL AND " + fence.group(2) + "::bigint > 0";
        return VariantBuild.compile(
                directory,
                Map.of(
                        STORE.resolve("GenerationOutcomeSql.java"),
                        // Keeps the parameters, since the service still binds them.
                        sql.substring(0, fence.start()) + noFence + sql.substring(fence.end()),
                        // The compiler inlines constants, so the class that uses the statement must be compiled too.
                        STORE.resolve("GenerationOutcomeStore.java"),
                        VariantBuild.read(STORE.resolve("GenerationOutcomeStore.java"))));
    }
}
