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
 * Parses scripts: {@code {"steps": [step, …]}}. One key of a step names its fault, and further keys are options of that fault.
 * {@code delay} and {@code times} are allowed with every fault, {@code models} with every {@link ResponseFault}. Rejects unknown keys
 * and values with a message that contains the position and the reason, since an ignored fault would make a test useless. Stateless.
 */
final class FaultScriptParser {
    private static final Set<String> COMMON_KEYS = Set.of("delay", "times", "models");
    private static final Set<String> RANDOM_KEYS = Set.of("failurePercent", "latency", "seed");

    /** The options and the parser of a fault. */
    private record FaultType(Set<String> options, Function<ScriptStepFields, Fault> parse) {}

    /** Fault types by key, in order of precedence: {@code status} is last, since it is also an option of other faults. */
    private static final Map<String, FaultType> FAULT_TYPES = new LinkedHashMap<>();

    static {
        registerFlag("ok", new Fault.NoFault());
        registerFlag("drop", new ResponseFault.ConnectionDrop());
        registerFlag("hang", new ResponseFault.NoResponse());
        registerFlag("garbage", new ResponseFault.MalformedJson());
        registerFlag("empty", new Fault.NoImage());
        registerFlag("notAPicture", new Fault.InvalidImage());
        registerFlag("fewer", new Fault.TooFewImages());
        registerFlag("moderation", new ResponseFault.Moderation());
        registerFlag("quota", new ResponseFault.Quota());
        registerFlag("truncated", new ResponseFault.Truncated());
        registerFlag("redirectLoop", new ResponseFault.RedirectLoop());
        registerType(
                "contentType", Set.of(), fields -> new ResponseFault.WrongContentType(fields.header("contentType")));
        registerType("drip", Set.of("interval"), FaultScriptParser::parseSlowBody);
        registerType("huge", Set.of("bytes", "chunked", "interval"), FaultScriptParser::parseOversizedBody);
        registerType("random", Set.of(), FaultScriptParser::parseRandom);
        registerType("url", Set.of(), fields -> new Fault.FixedUrl(fields.text("url")));
        registerType("urlResult", Set.of("pictureFaults"), FaultScriptParser::parseUrlResult);
        registerType("errorBody", Set.of("status", "retryAfter"), FaultScriptParser::parseErrorBody);
        registerType("html", Set.of("status", "retryAfter"), FaultScriptParser::parseHtml);
        registerType(
                "status",
                Set.of("retryAfter", "body"),
                fields -> new ResponseFault.Status(fields.status(0), fields.retryAfter(), fields.value("body")));
    }

    private FaultScriptParser() {}

    /**
     * Parses a script.
     *
     * @throws SimulatorRequestException when the script is invalid; the message contains the position and the reason
     */
    static List<ScriptStep> parseScript(JsonObject script) {
        for (String key : script.fieldNames()) {
            if (!key.equals("steps")) {
                throw new SimulatorRequestException("unknown key \"" + key + "\"; a script has \"steps\"", key);
            }
        }
        return parseSteps(script.getValue("steps"), "steps");
    }

    private static List<ScriptStep> parseSteps(Object value, String path) {
        if (!(value instanceof JsonArray array)) {
            throw new SimulatorRequestException(path + " must be an array of steps", path);
        }
        List<ScriptStep> steps = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            steps.add(parseStep(array.getValue(i), path + "[" + i + "]"));
        }
        return List.copyOf(steps);
    }

    private static ScriptStep parseStep(Object value, String path) {
        if (!(value instanceof JsonObject source)) {
            throw new SimulatorRequestException(path + " must be an object", path);
        }
        ScriptStepFields fields = new ScriptStepFields(source, path);
        String name = findFaultName(fields);
        FaultType faultType = FAULT_TYPES.get(name);
        for (String key : source.fieldNames()) {
            if (!key.equals(name) && !faultType.options().contains(key) && !COMMON_KEYS.contains(key)) {
                throw fields.invalidField(
                        key,
                        FAULT_TYPES.containsKey(key)
                                ? "\"" + key + "\" cannot be combined with \"" + name + "\""
                                : "unknown key \"" + key + "\"");
            }
        }
        // A step with only a delay has no fault.
        Fault fault = source.containsKey(name) ? faultType.parse().apply(fields) : new Fault.NoFault();
        boolean models = fields.optionalBoolean("models");
        if (models && !(fault instanceof ResponseFault)) {
            throw fields.invalidField("models", "\"models\" cannot be combined with \"" + name + "\"");
        }
        return new ScriptStep(fault, fields.duration("delay", null), fields.times(), models, source);
    }

    private static String findFaultName(ScriptStepFields fields) {
        for (String name : FAULT_TYPES.keySet()) {
            if (fields.has(name)) {
                return name;
            }
        }
        if (fields.has("delay")) {
            return "ok";
        }
        throw fields.invalidField(
                null, "has no fault; known faults are delay, " + String.join(", ", FAULT_TYPES.keySet()));
    }

    private static Fault parseUrlResult(ScriptStepFields fields) {
        fields.requireTrue("urlResult");
        if (!fields.has("pictureFaults")) {
            return new Fault.UrlResult(List.of());
        }
        List<ScriptStep> faults = parseSteps(fields.value("pictureFaults"), fields.path("pictureFaults"));
        for (ScriptStep step : faults) {
            if (!(step.fault() instanceof ResponseFault)) {
                throw fields.invalidField(
                        "pictureFaults", "\"" + step.fault().describe() + "\" cannot be used for a download");
            }
        }
        return new Fault.UrlResult(faults);
    }

    private static Fault parseErrorBody(ScriptStepFields fields) {
        String key = switch (fields.text("errorBody")) {
            case "string" -> "error";
            case "detail" -> "detail";
            default -> throw fields.invalidField("errorBody", "errorBody must be \"string\" or \"detail\"");
        };
        return new ResponseFault.ForeignErrorBody(key, fields.status(500), fields.retryAfter());
    }

    private static Fault parseHtml(ScriptStepFields fields) {
        fields.requireTrue("html");
        return new ResponseFault.HtmlErrorPage(fields.status(502), fields.retryAfter());
    }

    private static Fault parseSlowBody(ScriptStepFields fields) {
        fields.requireTrue("drip");
        return new ResponseFault.SlowBody(fields.duration("interval", ResponseFault.SlowBody.DEFAULT_INTERVAL));
    }

    private static Fault parseOversizedBody(ScriptStepFields fields) {
        fields.requireTrue("huge");
        long bytes = fields.number(
                "bytes",
                ResponseFault.OversizedBody.MIN_BYTES,
                ResponseFault.OversizedBody.MAX_BYTES,
                ResponseFault.OversizedBody.DEFAULT_BYTES);
        return new ResponseFault.OversizedBody(
                bytes, !fields.optionalBoolean("chunked"), fields.duration("interval", Duration.ZERO));
    }

    private static Fault parseRandom(ScriptStepFields fields) {
        if (!(fields.value("random") instanceof JsonObject profile)) {
            throw fields.invalidField("random", "random must be an object");
        }
        if (fields.has("delay")) {
            throw fields.invalidField("delay", "\"delay\" cannot be combined with \"random\", which has a \"latency\"");
        }
        return parseRandom(new ScriptStepFields(profile, fields.path("random")), profile);
    }

    private static RandomFault parseRandom(ScriptStepFields fields, JsonObject profile) {
        for (String key : profile.fieldNames()) {
            if (!RANDOM_KEYS.contains(key)) {
                throw fields.invalidField(key, "unknown key \"" + key + "\"");
            }
        }
        int percent = (int) fields.number("failurePercent", 0, 100, null);
        long seed = fields.number("seed", Long.MIN_VALUE, Long.MAX_VALUE, new Random().nextLong());
        Duration minLatency = null;
        Duration maxLatency = null;
        if (fields.has("latency")) {
            if (!(fields.value("latency") instanceof JsonArray range) || range.size() != 2) {
                throw fields.invalidField("latency", "latency must be an array of the minimum and the maximum");
            }
            minLatency = fields.parseDuration("latency", range.getValue(0));
            maxLatency = fields.parseDuration("latency", range.getValue(1));
            if (minLatency.compareTo(maxLatency) > 0) {
                throw fields.invalidField("latency", "latency must have the minimum first");
            }
        }
        return new RandomFault(percent, minLatency, maxLatency, new Random(seed));
    }

    private static void registerFlag(String name, Fault fault) {
        registerType(name, Set.of(), fields -> {
            fields.requireTrue(name);
            return fault;
        });
    }

    private static void registerType(String name, Set<String> options, Function<ScriptStepFields, Fault> parse) {
        FAULT_TYPES.put(name, new FaultType(options, parse));
    }
}
