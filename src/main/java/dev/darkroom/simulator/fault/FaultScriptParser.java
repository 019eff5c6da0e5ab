package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorRequestException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Parses scripts: {@code {"steps": [step, …]}}. One key of a step names its fault, and further keys are options of that fault.
 * {@code delay}, {@code times} and {@code apiKey} are allowed with every fault, {@code models} with every {@link ResponseFault}. Rejects unknown keys
 * and values with a message that contains the position and the reason, since an ignored fault would make a test useless. Stateless.
 */
final class FaultScriptParser {
    private static final Set<String> COMMON_KEYS = Set.of("delay", "times", "models", "apiKey");

    /** The options and the parser of a fault. */
    private record FaultType(Set<String> options, Function<ScriptStepFields, Fault> parse) {}

    /** Fault types by key, in order of precedence: {@code status} is last, since it is also an option of other faults. */
    private static final Map<String, FaultType> FAULT_TYPES = new LinkedHashMap<>();

    static {
        registerFlag("ok", Set.of(), fields -> ImageFault.NONE);
        registerFlag("drop", Set.of(), fields -> ConnectionFault.DROP);
        registerFlag("dropAccepted", Set.of(), fields -> ConnectionFault.DROP_ACCEPTED);
        registerFlag("hang", Set.of(), fields -> ConnectionFault.HANG);
        registerFlag("malformedBody", Set.of(), fields -> FixedResponse.MALFORMED_BODY);
        registerFlag("noImages", Set.of(), fields -> ImageFault.NO_IMAGES);
        registerFlag("invalidImage", Set.of(), fields -> ImageFault.INVALID_IMAGE);
        registerFlag("tooFewImages", Set.of(), fields -> ImageFault.TOO_FEW_IMAGES);
        registerFlag("moderation", Set.of(), fields -> ImageFault.MODERATION);
        registerFlag("quota", Set.of(), fields -> ImageFault.QUOTA);
        registerFlag("truncated", Set.of(), fields -> ConnectionFault.TRUNCATED);
        registerFlag("redirectLoop", Set.of(), fields -> ConnectionFault.REDIRECT_LOOP);
        registerType("contentType", Set.of(), fields -> new WrongContentType(fields.header("contentType")));
        registerFlag(
                "slowBody",
                Set.of("interval"),
                fields -> new SlowBody(fields.duration("interval", SlowBody.DEFAULT_INTERVAL)));
        registerFlag("oversizedBody", Set.of("bytes", "chunked", "interval"), FaultScriptParser::parseOversizedBody);
        registerType("random", Set.of(), FaultScriptParser::parseRandom);
        registerType("failedJob", Set.of(), fields -> ImageFault.failedJob(fields.text("failedJob")));
        registerType("url", Set.of(), fields -> ImageFault.fixedUrl(fields.text("url")));
        registerFlag("urlResult", Set.of("downloadFaults"), FaultScriptParser::parseUrlResult);
        registerFixedResponse("errorBody", Set.of("status"), FaultScriptParser::parseErrorBody);
        registerFixedResponse("html", Set.of("status"), fields -> {
            fields.requireTrue("html");
            return FixedResponse.htmlErrorPage(fields.status(502), fields.retryAfter());
        });
        registerFixedResponse(
                "status",
                Set.of("body"),
                fields -> FixedResponse.status(fields.status(0), fields.retryAfter(), fields.value("body")));
    }

    private FaultScriptParser() {}

    /** Registers a fault whose key has the value true. */
    private static void registerFlag(String name, Set<String> options, Function<ScriptStepFields, Fault> parse) {
        registerType(name, options, fields -> {
            fields.requireTrue(name);
            return parse.apply(fields);
        });
    }

    /** Registers a response that may also follow the acceptance of the work, as that of a proxy which lost the real one. */
    private static void registerFixedResponse(
            String name, Set<String> options, Function<ScriptStepFields, FixedResponse> parse) {
        Set<String> all = new HashSet<>(options);
        all.addAll(Set.of("accepted", "retryAfter", "retryAfterMs"));
        registerType(name, all, fields -> {
            FixedResponse response = parse.apply(fields);
            return fields.optionalBoolean("accepted") ? new ResponseAfterAcceptance(response) : response;
        });
    }

    private static void registerType(String name, Set<String> options, Function<ScriptStepFields, Fault> parse) {
        FAULT_TYPES.put(name, new FaultType(options, parse));
    }

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
            String position = path + "[" + i + "]";
            ScriptStep step = parseStep(array.getValue(i), position);
            if (steps.stream().anyMatch(earlier -> earlier.hides(step))) {
                throw new SimulatorRequestException(
                        position + ": is never used, because an earlier step with \"times\": -1 takes its requests",
                        position);
            }
            steps.add(step);
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
                throw FAULT_TYPES.containsKey(key) ? fields.conflict(key, name) : fields.unknownKey(key);
            }
        }
        // A step with only a delay has no fault.
        Fault fault = fields.has(name) ? faultType.parse().apply(fields) : ImageFault.NONE;
        boolean models = fields.optionalBoolean("models");
        if (models && !(fault instanceof ResponseFault)) {
            throw fields.conflict("models", name);
        }
        return new ScriptStep(
                fault, fields.duration("delay", null), fields.times(), models, fields.optionalText("apiKey"), source);
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
        if (!fields.has("downloadFaults")) {
            return new UrlResult(List.of());
        }
        List<ScriptStep> faults = parseSteps(fields.value("downloadFaults"), fields.path("downloadFaults"));
        for (ScriptStep step : faults) {
            if (!(step.fault() instanceof ResponseFault)) {
                throw fields.invalidField(
                        "downloadFaults", "\"" + step.fault().description() + "\" cannot be used for a download");
            }
            // Downloads have no API key, and health checks use the script.
            for (String key : List.of("apiKey", "models")) {
                if (step.source().containsKey(key)) {
                    throw fields.invalidField("downloadFaults", "\"" + key + "\" cannot be used for a download");
                }
            }
        }
        return new UrlResult(faults);
    }

    private static FixedResponse parseErrorBody(ScriptStepFields fields) {
        String key = switch (fields.text("errorBody")) {
            case "string" -> "error";
            case "detail" -> "detail";
            default -> throw fields.invalidField("errorBody", "errorBody must be \"string\" or \"detail\"");
        };
        return FixedResponse.foreignErrorBody(key, fields.status(500), fields.retryAfter());
    }

    private static Fault parseOversizedBody(ScriptStepFields fields) {
        long bytes =
                fields.number("bytes", OversizedBody.MIN_BYTES, OversizedBody.MAX_BYTES, OversizedBody.DEFAULT_BYTES);
        return new OversizedBody(bytes, !fields.optionalBoolean("chunked"), fields.duration("interval", Duration.ZERO));
    }

    private static Fault parseRandom(ScriptStepFields fields) {
        if (!(fields.value("random") instanceof JsonObject options)) {
            throw fields.invalidField("random", "random must be an object");
        }
        if (fields.has("delay")) {
            throw fields.invalidField("delay", "\"delay\" cannot be combined with \"random\", which has a \"latency\"");
        }
        return RandomFault.parse(new ScriptStepFields(options, fields.path("random")));
    }
}
