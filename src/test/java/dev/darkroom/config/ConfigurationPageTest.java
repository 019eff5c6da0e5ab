package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.GeneratedDocumentSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Compares {@code docs/configuration.md} with {@code conf/darkroom.yaml}. */
class ConfigurationPageTest {
    private static final GeneratedDocumentSection SECTION = new GeneratedDocumentSection(
            "docs/configuration.md", "settings", "conf/darkroom.yaml", "./mvnw test -Dtest=ConfigurationPageTest");

    @Test
    void pageListsSettings() throws IOException {
        SECTION.assertContent(SettingsTableRenderer.render(
                Files.readString(Path.of(SettingsLoader.DEFAULT_FILE)), SettingsLoader.defaults()));
    }

    @Test
    void everySettingHasDescription() throws IOException {
        assertThat(SettingsTableRenderer.render(
                        Files.readString(Path.of(SettingsLoader.DEFAULT_FILE)), SettingsLoader.defaults()))
                .doesNotContain("|  |");
    }

    @Test
    void settingsBelowOneCommentShareDescription() {
        // given
        String yaml = """
                # About the file.

                # First | line,
                # second line.
                name: a
                section:
                  # One comment
                  one: ""
                  twoWords: 2s
                  inner:
                    # Another.
                    three: 3
                """;

        // when
        String table = SettingsTableRenderer.render(yaml, SettingsFileParser.parse("f", yaml));

        // then
        assertThat(table).isEqualTo("""
                        | setting | environment | default | what it is |
                        |---|---|---|---|
                        | `name` | `DARKROOM_NAME` | `a` | First \\| line, second line. |
                        | `section.one` | `DARKROOM_SECTION_ONE` | *empty* | One comment |
                        | `section.twoWords` | `DARKROOM_SECTION_TWO_WORDS` | `2s` | One comment |
                        | `section.inner.three` | `DARKROOM_SECTION_INNER_THREE` | `3` | Another. |
                        """);
    }

    @Test
    void commentEndsAtEmptyLine() {
        // when
        String table = SettingsTableRenderer.render("a:\n  # x\n  b: 1\n\nc:\n  d: 2\n", Map.of("c.d", "2"));

        // then
        assertThat(table).endsWith("| `c.d` | `DARKROOM_C_D` | `2` |  |\n");
    }
}
