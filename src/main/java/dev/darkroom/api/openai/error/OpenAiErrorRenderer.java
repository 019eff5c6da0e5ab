package dev.darkroom.api.openai.error;

import dev.darkroom.api.problem.ErrorRenderer;
import dev.darkroom.api.problem.Problem;
import java.util.Map;
import java.util.TreeMap;

/** Renders problems as errors of the OpenAI API. */
public final class OpenAiErrorRenderer implements ErrorRenderer {
    private static final String PATHS = "/v1/";
    private static final String RETRY_AFTER = "Retry-After";

    @Override
    public boolean appliesTo(String path) {
        return path.startsWith(PATHS);
    }

    @Override
    public ErrorResponse render(Problem problem, String requestId) {
        OpenAiError error = OpenAiErrors.of(problem);
        Map<String, String> headers = new TreeMap<>(problem.headers());
        if (!error.retryable()) {
            headers.remove(RETRY_AFTER);
        }
        return error.toResponse(headers);
    }
}
