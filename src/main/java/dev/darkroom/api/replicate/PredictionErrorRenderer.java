package dev.darkroom.api.replicate;

import dev.darkroom.api.problem.ErrorRenderer;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.problem.Problem.ValidationError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Renders problems as errors of the Replicate API: {@code title}, {@code detail} and {@code status}. */
public final class PredictionErrorRenderer implements ErrorRenderer {
    private static final Pattern PATHS =
            Pattern.compile("/v1/(predictions|webhooks)(/.*)?|/v1/models/[^/]+/[^/]+/(predictions|versions/.*)");
    private static final int UNPROCESSABLE = 422;
    private static final String RETRY_AFTER = "Retry-After";

    /** Names in the Replicate API of the fields of a generation. */
    private static final Map<String, String> NAMES = PredictionRequestParser.FIELDS.entrySet().stream()
            .collect(
                    Collectors.toUnmodifiableMap(entry -> "#/" + entry.getValue(), entry -> "input." + entry.getKey()));

    @Override
    public boolean appliesTo(String path) {
        return PATHS.matcher(path).matches();
    }

    @Override
    public ErrorResponse render(Problem problem, String requestId) {
        boolean invalid = problem.type() == Problem.Type.INVALID_REQUEST;
        int status = invalid ? UNPROCESSABLE : problem.status();
        JsonObject body = new JsonObject()
                .put("title", invalid ? "Input validation failed" : problem.title())
                .put("detail", invalid ? describe(problem) : problem.getMessage())
                .put("status", status);
        if (invalid) {
            JsonArray fields = new JsonArray();
            problem.errors()
                    .forEach(error -> fields.add(
                            new JsonObject().put("field", nameOf(error)).put("description", error.detail())));
            body.put("invalid_fields", fields);
        }
        if (status == 429 && problem.headers().containsKey(RETRY_AFTER)) {
            // The clients of Replicate read no header.
            body.put("retry_after", Integer.parseInt(problem.headers().get(RETRY_AFTER)));
        }
        return new ErrorResponse(status, problem.headers(), "application/json", body);
    }

    private static String describe(Problem problem) {
        return problem.errors().stream()
                .map(error -> "- " + nameOf(error) + " " + error.detail() + "\n")
                .collect(Collectors.joining());
    }

    private static String nameOf(ValidationError error) {
        String pointer = error.pointer();
        if (NAMES.containsKey(pointer)) {
            return NAMES.get(pointer);
        }
        String image = pointer.replaceFirst("^#/inputImages(/0)?(/url)?$", "#/input/image")
                .replaceFirst("^#/mask(/url)?$", "#/input/mask")
                .replaceFirst("^#/parameters/", "#/input/")
                .replaceFirst("^#/webhookUrl$", "#/webhook");
        String name = image.replaceFirst("^#/?", "").replace('/', '.');
        return name.isEmpty() ? "body" : name;
    }
}
