package dev.darkroom.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.config.SettingVariableNames;
import dev.darkroom.testing.GeneratedDocumentSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Compares the Helm chart with its page, its schema, the settings and the version, without Helm. */
class HelmChartTest {
    private static final GeneratedDocumentSection SECTION = new GeneratedDocumentSection(
            "docs/kubernetes.md", "values", "src/main/helm/darkroom/values.yaml", "./mvnw test -Dtest=HelmChartTest");

    private static final Pattern VARIABLE = Pattern.compile("DARKROOM_[A-Z0-9]+(?:_[A-Z0-9]+)*");
    private static final Pattern PROJECT_VERSION =
            Pattern.compile("<artifactId>darkroom</artifactId>\\s*<version>([0-9.]+)(?:-SNAPSHOT)?</version>");

    @Test
    void pageListsValues() {
        SECTION.assertContent(ValuesTableRenderer.render());
    }

    @Test
    void everyValueHasDescription() {
        assertThat(ValuesTableRenderer.render().lines()).noneMatch(row -> row.endsWith("|  |"));
    }

    @Test
    void schemaListsValues() {
        List<String> differences = new ArrayList<>();
        compare("", HelmChart.yaml("values.yaml"), HelmChart.yaml("values.schema.json"), differences);

        assertThat(differences).containsExactly("only in the schema: global");
    }

    private static void compare(String prefix, JsonNode values, JsonNode schema, List<String> differences) {
        JsonNode properties = schema.path("properties");
        boolean strict = schema.path("additionalProperties").isBoolean();
        values.fieldNames().forEachRemaining(name -> {
            if (properties.has(name)) {
                compare(prefix + name + ".", values.get(name), properties.get(name), differences);
            } else if (strict) {
                differences.add("only in the values: " + prefix + name);
            }
        });
        properties.fieldNames().forEachRemaining(name -> {
            if (!values.has(name)) {
                differences.add("only in the schema: " + prefix + name);
            }
        });
    }

    @Test
    void templatesSetExistingSettings() {
        Set<String> variables = VARIABLE.matcher(HelmChart.templates())
                .results()
                .map(MatchResult::group)
                .filter(name -> !name.equals("DARKROOM_CONF"))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(variables).contains("DARKROOM_NODE_ROLES").isSubsetOf(SettingVariableNames.variables());
    }

    @Test
    void templatesRejectSecretsInSettings() {
        String validation = HelmChart.text("templates/_validation.tpl");

        assertThat(SettingVariableNames.secretPaths())
                .contains("database.url", "backend.apiKey", "s3.secretAccessKey")
                .allMatch(path -> validation.contains('"' + path + '"'));
    }

    @Test
    void hasVersionOfProject() throws IOException {
        Matcher version = PROJECT_VERSION.matcher(Files.readString(Path.of("pom.xml")));
        assertThat(version.find()).isTrue();

        assertThat(HelmChart.yaml("Chart.yaml").path("appVersion").asText()).isEqualTo(version.group(1));
        assertThat(HelmChart.yaml("Chart.yaml").path("version").asText()).isEqualTo(version.group(1));
    }
}
