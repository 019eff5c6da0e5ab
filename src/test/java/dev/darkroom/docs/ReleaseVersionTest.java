package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that all files state the version of {@code pom.xml}: {@code docs/releases.md}, "Cut a release". */
class ReleaseVersionTest {
    private static final String VERSION =
            find(Path.of("pom.xml"), "<artifactId>darkroom</artifactId>\\s*<version>(.+?)</version>");

    @Test
    void versionIsThatOfARelease() {
        assertThat(VERSION).matches("\\d+\\.\\d+\\.\\d+");
    }

    @ParameterizedTest
    @CsvSource({
        "openapi.yaml, '\\n  version: (.+)'",
        "docs/asyncapi.yaml, '\\n  version: (.+)'",
        "Dockerfile, 'image\\.version=\"(.+?)\"'",
        "compose.yaml, 'image: darkroom:(.+)'",
        "src/main/helm/darkroom/Chart.yaml, '\\nversion: (.+)'",
        "src/main/helm/darkroom/Chart.yaml, '\\nappVersion: (.+)'",
        "CHANGELOG.md, '\\n## \\[(\\d.*?)] - \\d{4}-\\d\\d-\\d\\d\\n'",
    })
    void fileHasTheVersion(Path file, String pattern) {
        assertThat(find(file, pattern)).isEqualTo(VERSION);
    }

    /** Returns the first group of the first match. */
    private static String find(Path file, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(MarkdownPages.read(file));
        assertThat(matcher.find()).as("%s contains %s", file, pattern).isTrue();
        return matcher.group(1);
    }
}
