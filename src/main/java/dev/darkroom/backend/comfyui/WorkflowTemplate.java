package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.ParametersSchema;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Workflow in ComfyUI's API format, with placeholders in its inputs: {@code {"6": {"class_type": "CLIPTextEncode", "inputs":
 * {"text": "%prompt%"}}}}. A text that is exactly a placeholder becomes the value with its type; inside a longer text the
 * placeholder is replaced by the value as text. Immutable.
 */
public final class WorkflowTemplate {
    private static final int MAX_FILE_BYTES = 1 << 20;
    private static final Pattern PLACEHOLDER = Pattern.compile("%([a-z_][a-z0-9_]*)%");

    /** Names that ComfyUI itself replaces in file name prefixes. They are sent unchanged. */
    private static final Set<String> RESERVED = Set.of("year", "month", "day", "hour", "minute", "second", "batch_num");

    private static final Map<String, WorkflowPlaceholder> BY_KEY = Stream.of(WorkflowPlaceholder.values())
            .collect(Collectors.toUnmodifiableMap(WorkflowPlaceholder::key, Function.identity()));

    /** Names of placeholders that are not those of parameters. */
    static final Set<String> RESERVED_NAMES =
            Stream.concat(BY_KEY.keySet().stream(), RESERVED.stream()).collect(Collectors.toUnmodifiableSet());

    private final String name;
    private final JsonObject nodes;
    private final ParameterPlaceholders parameters;
    private final Set<WorkflowPlaceholder> placeholders = EnumSet.noneOf(WorkflowPlaceholder.class);

    private WorkflowTemplate(String name, JsonObject nodes, ParametersSchema schema) {
        this.name = name;
        this.nodes = nodes;
        this.parameters = new ParameterPlaceholders(schema);
        if (nodes.getValue("nodes") instanceof JsonArray) {
            throw new InvalidWorkflowException(
                    "workflow " + name + ": the format of the editor; export the workflow in the API format");
        }
        nodes.forEach(node -> checkNode(node.getKey(), node.getValue()));
        if (!placeholders.contains(WorkflowPlaceholder.PROMPT)) {
            throw new InvalidWorkflowException("workflow " + name + ": no node has an input with %prompt%");
        }
        requireConsecutiveImages();
        parameters.requireAllUsed();
    }

    private void requireConsecutiveImages() {
        WorkflowPlaceholder.inputImages().stream()
                .skip(inputImages())
                .filter(placeholders::contains)
                .findFirst()
                .ifPresent(gap -> {
                    throw new InvalidWorkflowException("workflow " + name + ": %" + gap.key()
                            + "% without %input_image_" + (inputImages() + 1) + "%");
                });
        if (placeholders.contains(WorkflowPlaceholder.MASK) && inputImages() == 0) {
            throw new InvalidWorkflowException("workflow " + name + ": %mask% without %input_image_1%");
        }
    }

    /** Returns how many input images the workflow needs. */
    int inputImages() {
        return (int) WorkflowPlaceholder.inputImages().stream()
                .takeWhile(placeholders::contains)
                .count();
    }

    /**
     * Reads and checks a file. Blocks.
     *
     * @param file may be null, which is invalid
     * @param schema parameters, each with a placeholder of its name; null for none
     * @throws InvalidWorkflowException when the file is not readable, or is no workflow with {@code %prompt%} and the parameters
     */
    public static WorkflowTemplate load(Path file, ParametersSchema schema) {
        if (file == null) {
            throw new InvalidWorkflowException("workflow: the setting is empty");
        }
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new InvalidWorkflowException("workflow " + file + ": larger than " + MAX_FILE_BYTES + " bytes");
            }
            return parse(file.toString(), Buffer.buffer(Files.readAllBytes(file)), schema);
        } catch (IOException e) {
            throw new InvalidWorkflowException("workflow " + file + ": not readable: " + e);
        }
    }

    /** @param name of the file, for messages */
    static WorkflowTemplate parse(String name, Buffer json, ParametersSchema schema) {
        try {
            if (Json.decodeValue(json) instanceof JsonObject nodes) {
                return new WorkflowTemplate(name, nodes, schema);
            }
        } catch (DecodeException e) {
            throw new InvalidWorkflowException("workflow " + name + ": not valid JSON: " + e.getMessage());
        }
        throw new InvalidWorkflowException("workflow " + name + ": not a JSON object");
    }

    private void checkNode(String id, Object value) {
        if (!(value instanceof JsonObject node)
                || !(node.getValue("class_type") instanceof String)
                || !(node.getValue("inputs") instanceof JsonObject inputs)) {
            throw new InvalidWorkflowException(
                    "workflow " + name + ": node \"" + id + "\" is not an object with class_type and inputs");
        }
        inputs.forEach(input -> replaceIn(input.getValue(), text -> {
            Matcher matcher = PLACEHOLDER.matcher(text);
            while (matcher.find()) {
                WorkflowPlaceholder placeholder = BY_KEY.get(matcher.group(1));
                if (placeholder != null) {
                    placeholders.add(placeholder);
                } else if (!parameters.use(matcher.group(1)) && !RESERVED.contains(matcher.group(1))) {
                    throw new InvalidWorkflowException("workflow " + name + ": "
                            + describe(id, node.getString("class_type"), input.getKey()) + ": unknown placeholder "
                            + matcher.group());
                }
            }
            return text;
        }));
    }

    /** Returns a node and its input for messages, such as {@code node "6" (CLIPTextEncode), input "text"}. */
    static String describe(String id, String classType, String input) {
        return "node \"" + id + "\" (" + classType + "), input \"" + input + "\"";
    }

    /** Returns the name of the file. */
    String name() {
        return name;
    }

    /** Returns the placeholders that the workflow contains: without {@code SEED}, for example, it ignores the seed. */
    public Set<WorkflowPlaceholder> placeholders() {
        return Set.copyOf(placeholders);
    }

    /** Input of a node that is exactly a placeholder. */
    record WholePlaceholder(String type, String input, String placeholder) {}

    /** Returns the inputs that are exactly a placeholder. */
    List<WholePlaceholder> wholePlaceholders() {
        List<WholePlaceholder> found = new ArrayList<>();
        nodes().values()
                .forEach(node -> node.getJsonObject("inputs").forEach(input -> {
                    Matcher matcher = PLACEHOLDER.matcher(String.valueOf(input.getValue()));
                    if (matcher.matches()) {
                        found.add(new WholePlaceholder(node.getString("class_type"), input.getKey(), matcher.group(1)));
                    }
                }));
        return found;
    }

    /** Returns the nodes by id, each with {@code class_type} and {@code inputs}. They must not be changed. */
    Map<String, JsonObject> nodes() {
        Map<String, JsonObject> byId = new LinkedHashMap<>();
        nodes.forEach(node -> byId.put(node.getKey(), (JsonObject) node.getValue()));
        return byId;
    }

    /**
     * Creates the workflow of a submission.
     *
     * @param values a number or a text for each placeholder
     * @param given parameters of the request; null for none
     */
    JsonObject render(Map<WorkflowPlaceholder, Object> values, JsonObject given) {
        Map<String, Object> byName = parameters.resolve(given);
        values.forEach((placeholder, value) -> byName.put(placeholder.key(), value));
        JsonObject rendered = new JsonObject();
        nodes().forEach((id, node) -> rendered.put(
                id, node.copy().put("inputs", replaceIn(node.getValue("inputs"), text -> replace(text, byName)))));
        return rendered;
    }

    /** Replaces each placeholder once, so that a prompt with the text of a placeholder stays as it is. */
    private static Object replace(String text, Map<String, Object> values) {
        Matcher matcher = PLACEHOLDER.matcher(text);
        if (matcher.matches() && values.containsKey(matcher.group(1))) {
            return values.get(matcher.group(1));
        }
        return matcher.replaceAll(found -> Matcher.quoteReplacement(
                values.containsKey(found.group(1)) ? String.valueOf(values.get(found.group(1))) : found.group()));
    }

    /** Returns a copy of a JSON value with each text replaced by the result of a function. */
    private static Object replaceIn(Object value, Function<String, Object> replacement) {
        if (value instanceof String text) {
            return replacement.apply(text);
        }
        if (value instanceof JsonObject object) {
            JsonObject copy = new JsonObject();
            object.forEach(field -> copy.put(field.getKey(), replaceIn(field.getValue(), replacement)));
            return copy;
        }
        if (value instanceof JsonArray array) {
            JsonArray copy = new JsonArray();
            array.forEach(element -> copy.add(replaceIn(element, replacement)));
            return copy;
        }
        return value;
    }
}
