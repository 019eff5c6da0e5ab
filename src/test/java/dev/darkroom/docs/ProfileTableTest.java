package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Checks that the table of {@code CONTRIBUTING.md} lists every Maven profile that a command selects. */
class ProfileTableTest {
    private static final Path PAGE = Path.of("CONTRIBUTING.md");
    private static final Pattern PROFILE = Pattern.compile("<profile>\\s*<id>([a-z0-9-]+)</id>");
    private static final Pattern OPTION = Pattern.compile("-P([a-z0-9-]+)");

    @Test
    void tableListsEveryProfile() {
        Set<String> profiles = PROFILE.matcher(MarkdownPages.read(Path.of("pom.xml")))
                .results()
                .map(found -> found.group(1))
                // The platform selects these.
                .filter(profile -> !profile.startsWith("postgres-"))
                .collect(Collectors.toCollection(TreeSet::new));

        Set<String> listed = MarkdownPages.tableCells(PAGE, "command").stream()
                .flatMap(command -> OPTION.matcher(command).results())
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(listed).isEqualTo(profiles);
    }
}
