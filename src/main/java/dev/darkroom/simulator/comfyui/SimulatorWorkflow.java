package dev.darkroom.simulator.comfyui;

import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A valid workflow. Executes no nodes: finds the values that determine the image by the names of their inputs. Immutable.
 *
 * @param nodes the graph in the API format, by id
 * @param outputNodes ids of the nodes that store or show images, not empty
 * @param inputImages images that the nodes load
 */
record SimulatorWorkflow(JsonObject nodes, List<String> outputNodes, List<SimulatorInputImage> inputImages) {
    private static final int DEFAULT_SIDE_PIXELS = 512;
    private static final int MAX_COUNT = 10;

    /** Returns the parameters of the images. */
    ImageParameters imageParameters() {
        return new ImageParameters(
                findPrompt(),
                SimulatorInputImage.mixSeed(findNumber("seed", 0), inputImages),
                findSide("width"),
                findSide("height"));
    }

    /** Returns the number of images, 1 to 10. */
    int count() {
        return (int) Math.min(MAX_COUNT, Math.max(1, findNumber("batch_size", 1)));
    }

    private int findSide(String input) {
        long side = findNumber(input, DEFAULT_SIDE_PIXELS);
        return (int) Math.min(PlaceholderImageRenderer.MAX_SIDE, Math.max(PlaceholderImageRenderer.MIN_SIDE, side));
    }

    /** Returns the text of the node that a sampler uses as positive prompt, otherwise the first text; empty without one. */
    private String findPrompt() {
        Stream<Object> positive = inputs().map(inputs -> inputs.getValue("positive"))
                .filter(link -> link instanceof JsonArray source && !source.isEmpty())
                .map(link -> nodes.getValue(((JsonArray) link).getValue(0).toString()))
                .map(node -> node instanceof JsonObject encoder
                        ? encoder.getJsonObject("inputs").getValue("text")
                        : null);
        Stream<Object> any = inputs().map(inputs -> inputs.getValue("text", inputs.getValue("prompt")));
        return Stream.concat(positive, any)
                .filter(String.class::isInstance)
                .findFirst()
                .map(Object::toString)
                .orElse("");
    }

    private long findNumber(String input, long defaultValue) {
        return inputs().map(inputs -> inputs.getValue(input))
                .filter(Number.class::isInstance)
                .findFirst()
                .map(value -> ((Number) value).longValue())
                .orElse(defaultValue);
    }

    private Stream<JsonObject> inputs() {
        return nodes.stream()
                .map(node -> ((JsonObject) node.getValue()).getJsonObject("inputs"))
                .filter(Objects::nonNull);
    }

    /** Returns the type of a node. */
    String typeOf(String nodeId) {
        return nodes.getJsonObject(nodeId).getString("class_type");
    }

    /** Returns the file name prefix of an output node. */
    String prefixOf(String nodeId) {
        return nodes.getJsonObject(nodeId)
                .getJsonObject("inputs", new JsonObject())
                .getString("filename_prefix", "ComfyUI");
    }
}
