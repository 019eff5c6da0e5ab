package dev.darkroom.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads scripts: {@code {"steps": [step, …]}}. One key of a step names its fault, further keys belong to that fault, and
 * {@code delay} and {@code times} may stand beside any. Whatever is not understood is refused, with a message that says where
 * and why: a fault that silently does not happen makes a test that tests nothing.
 */
final class FaultParser {
    private static final Set<String> EVERYWHERE = Set.of("delay", "times");

    /** The fault that a key names. */
    private record Kind(Set<String> options, Function<StepFields, Fault> read) {}

    /** In this order: where {@code status} is an option of another fault, the other comes first. */
    private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

    static {
        flag("ok", new Fault.None());
        flag("drop", new Fault.Drop());
        flag("hang", new Fault.Hang());
        flag("garbage", new Fault.Garbage());
        flag("empty", new Fault.Empty());
        flag("notAPicture", new Fault.NotAPicture());
        flag("fewer", new Fault.Fewer());
        flag("moderation", new Fault.Moderation());
        flag("quota", new Fault.Quota());
        kind("url", Set.of(), fields -> new Fault.Url(fields.text("url")));
        kind("urlResult", Set.of("pictureFaults"), FaultParser::urlResult);
        kind("errorBody", Set.of("status", "retryAfter"), FaultParser::dialect);
        kind("html", Set.of("status", "retryAfter"), FaultParser::html);
        kind(
                "status",
                Set.of("retryAfter", "body"),
                fields -> new Fault.Status(fields.status(0), fields.retryAfter(), fields.value("body")));
    }

    private FaultParser() {}

    /**
     * Reads a script.
     *
     * @throws BadRequestException says what is wrong and where
     */
    static List<Step> script(JsonObject script) {
        for (String key : script.fieldNames()) {
            if (!key.equals("steps")) {
                throw new BadRequestException("unknown key \"" + key + "\"; a script has \"steps\"", key);
            }
        }
        return steps(script.getValue("steps"), "steps");
    }

    private static List<Step> steps(Object value, String path) {
        if (!(value instanceof JsonArray array)) {
            throw new BadRequestException(path + " must be an array of steps", path);
        }
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            steps.add(step(array.getValue(i), path + "[" + i + "]"));
        }
        return List.copyOf(steps);
    }

    private static Step step(Object value, String path) {
        if (!(value instanceof JsonObject source)) {
            throw new BadRequestException(path + " must be an object", path);
        }
        StepFields fields = new StepFields(source, path);
        String name = name(fields);
        Kind kind = KINDS.get(name);
        for (String key : source.fieldNames()) {
            if (!key.equals(name) && !kind.options().contains(key) && !EVERYWHERE.contains(key)) {
                throw fields.wrong(
                        key,
                        KINDS.containsKey(key)
                                ? "\"" + key + "\" cannot stand beside \"" + name + "\""
                                : "unknown key \"" + key + "\"");
            }
        }
        // A delay alone is a step of its own: slow, but well.
        Fault fault = source.containsKey(name) ? kind.read().apply(fields) : new Fault.None();
        return new Step(fault, fields.delay(), fields.times(), source);
    }

    private static String name(StepFields fields) {
        for (String name : KINDS.keySet()) {
            if (fields.has(name)) {
                return name;
            }
        }
        if (fields.has("delay")) {
            return "ok";
        }
        throw fields.wrong(null, "names no fault; known are delay, " + String.join(", ", KINDS.keySet()));
    }

    private static Fault urlResult(StepFields fields) {
        fields.flag("urlResult");
        if (!fields.has("pictureFaults")) {
            return new Fault.UrlResult(List.of());
        }
        List<Step> faults = steps(fields.value("pictureFaults"), fields.path("pictureFaults"));
        for (Step step : faults) {
            if (!(step.fault() instanceof Fault.OfTheWire)) {
                throw fields.wrong("pictureFaults", "\"" + step.fault().describe() + "\" cannot meet a download");
            }
        }
        return new Fault.UrlResult(faults);
    }

    private static Fault dialect(StepFields fields) {
        String key = switch (fields.text("errorBody")) {
            case "string" -> "error";
            case "detail" -> "detail";
            default -> throw fields.wrong("errorBody", "errorBody must be \"string\" or \"detail\"");
        };
        return new Fault.Dialect(key, fields.status(500), fields.retryAfter());
    }

    private static Fault html(StepFields fields) {
        fields.flag("html");
        return new Fault.Html(fields.status(502), fields.retryAfter());
    }

    private static void flag(String name, Fault fault) {
        kind(name, Set.of(), fields -> {
            fields.flag(name);
            return fault;
        });
    }

    private static void kind(String name, Set<String> options, Function<StepFields, Fault> read) {
        KINDS.put(name, new Kind(options, read));
    }
}
