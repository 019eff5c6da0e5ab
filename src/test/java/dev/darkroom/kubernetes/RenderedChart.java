package dev.darkroom.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The Kubernetes objects of a release.
 *
 * @param text YAML documents
 */
record RenderedChart(String text, List<JsonNode> objects) {

    static RenderedChart parse(String text) {
        YAMLMapper mapper = new YAMLMapper();
        try (MappingIterator<JsonNode> documents =
                mapper.readerFor(JsonNode.class).readValues(text)) {
            return new RenderedChart(
                    text,
                    documents.readAll().stream().filter(JsonNode::isObject).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Stream<JsonNode> ofKind(String kind) {
        return objects.stream().filter(object -> object.path("kind").asText().equals(kind));
    }

    /** Returns the only object of a kind. */
    JsonNode only(String kind) {
        List<JsonNode> found = ofKind(kind).toList();
        assertThat(found).as(kind).hasSize(1);
        return found.get(0);
    }

    boolean has(String kind, String name) {
        return ofKind(kind).anyMatch(object -> name(object).equals(name));
    }

    /** Returns the templates of the pods. */
    List<JsonNode> pods() {
        return ofKind("Deployment").map(object -> object.at("/spec/template")).toList();
    }

    static String name(JsonNode object) {
        return object.at("/metadata/name").asText();
    }

    static JsonNode container(JsonNode pod) {
        assertThat(pod.at("/spec/containers")).hasSize(1);
        return pod.at("/spec/containers/0");
    }

    static Stream<JsonNode> elements(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    /** Returns the element of a list with a name. */
    static JsonNode named(JsonNode list, String name) {
        return elements(list)
                .filter(element -> element.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + list));
    }

    /** Returns whether the labels of a pod have all values of a selector. */
    static boolean selects(JsonNode selector, JsonNode pod) {
        JsonNode labels = pod.at("/metadata/labels");
        return !selector.isEmpty()
                && selector.properties().stream()
                        .allMatch(label -> label.getValue().equals(labels.get(label.getKey())));
    }
}
