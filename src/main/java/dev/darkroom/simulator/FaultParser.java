package dev.darkroom.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads scripts: {@code {"steps": [step, …]}}. One key of a step names its fault, further keys belong to that fault, and
 * {@code delay} and {@code times} may stand beside any. Whatever is not understood is refused, with a message that says where
 * and why: a fault that silently does not happen makes a test that tests nothing.
 */
final class FaultParser {
    private static final Set<String> EVERYWHERE = Set.of("delay", "times", "models");
    private static final Set<String> PROFILE = Set.of("failurePercent", "latency", "seed");

    /** The fault that a key names. */
    private record Kind(Set<String> options, Function<StepFields, Fault> read) {}

    /** In this order: where {@code status} is an option of another fault, the other comes first. */
    private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

    static {
        flag("ok", new Fault.None());
        flag("drop", new WireFault.Drop());
        flag("hang", new WireFault.Hang());
        flag("garbage", new WireFault.Garbage());
        flag("empty", new Fault.Empty());
        flag("notAPicture", new Fault.NotAPicture());
        flag("fewer", new Fault.Fewer());
        flag("moderation", new WireFault.Moderation());
        flag("quota", new WireFault.Quota());
        flag("truncated", new WireFault.Truncated());
        flag("redirectLoop", new WireFault.RedirectLoop());
        kind("contentType", Set.of(), fields -> new WireFault.MislabelledAs(fields.header("contentType")));
        kind("drip", Set.of("interval"), FaultParser::drip);
        kind("huge", Set.of("bytes", "chunked", "interval"), FaultParser::huge);
        kind("random", Set.of(), FaultParser::chance);
        kind("url", Set.of(), fields -> new Fault.Url(fields.text("url")));
        kind("urlResult", Set.of("pictureFaults"), FaultParser::urlResult);
        kind("errorBody", Set.of("status", "retryAfter"), FaultParser::dialect);
        kind("html", Set.of("status", "retryAfter"), FaultParser::html);
        kind(
                "status",
                Set.of("retryAfter", "body"),
                fields -> new WireFault.Status(fields.status(0), fields.retryAfter(), fields.value("body")));
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
        boolean models = fields.yes("models");
        if (models && !(fault instanceof WireFault)) {
            throw fields.wrong("models", "\"models\" cannot stand beside \"" + name + "\"");
        }
        return new Step(fault, fields.duration("delay", null), fields.times(), models, source);
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
            if (!(step.fault() instanceof WireFault)) {
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
        return new WireFault.Dialect(key, fields.status(500), fields.retryAfter());
    }

    private static Fault html(StepFields fields) {
        fields.flag("html");
        return new WireFault.Html(fields.status(502), fields.retryAfter());
    }

    private static Fault drip(StepFields fields) {
        fields.flag("drip");
        return new WireFault.Drip(fields.duration("interval", WireFault.Drip.USUAL));
    }

    private static Fault huge(StepFields fields) {
        fields.flag("huge");
        long bytes = fields.number("bytes", WireFault.Huge.LEAST, WireFault.Huge.MOST, WireFault.Huge.USUAL);
        return new WireFault.Huge(bytes, !fields.yes("chunked"), fields.duration("interval", Duration.ZERO));
    }

    private static Fault chance(StepFields fields) {
        if (!(fields.value("random") instanceof JsonObject profile)) {
            throw fields.wrong("random", "random must be an object");
        }
        if (fields.has("delay")) {
            throw fields.wrong("delay", "\"delay\" cannot stand beside \"random\", which has a \"latency\"");
        }
        return chance(new StepFields(profile, fields.path("random")), profile);
    }

    private static Chance chance(StepFields fields, JsonObject profile) {
        for (String key : profile.fieldNames()) {
            if (!PROFILE.contains(key)) {
                throw fields.wrong(key, "unknown key \"" + key + "\"");
            }
        }
        int percent = (int) fields.number("failurePercent", 0, 100, null);
        long seed = fields.number("seed", Long.MIN_VALUE, Long.MAX_VALUE, new Random().nextLong());
        Duration least = null;
        Duration most = null;
        if (fields.has("latency")) {
            if (!(fields.value("latency") instanceof JsonArray range) || range.size() != 2) {
                throw fields.wrong("latency", "latency must be an array of the shortest and the longest");
            }
            least = fields.durationOf("latency", range.getValue(0));
            most = fields.durationOf("latency", range.getValue(1));
            if (least.compareTo(most) > 0) {
                throw fields.wrong("latency", "latency must have the shortest first");
            }
        }
        return new Chance(percent, least, most, new Random(seed));
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
