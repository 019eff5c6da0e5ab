package dev.darkroom.api.problem;

import dev.darkroom.api.problem.ErrorRenderer.ErrorResponse;
import java.util.List;

/**
 * Chooses the form of an error response by the path of the request. The first renderer that applies to the path wins. Problem documents are
 * the form of all other paths.
 */
public record ErrorRenderers(List<ErrorRenderer> renderers) {
    /** Problem documents for all paths. */
    public static final ErrorRenderers PROBLEM_DOCUMENTS = new ErrorRenderers(List.of());

    public ErrorRenderers {
        renderers = List.copyOf(renderers);
    }

    /** @param path of the request; {@code /} when the request has no valid one */
    public ErrorResponse render(Problem problem, String path, String requestId) {
        return renderers.stream()
                .filter(renderer -> renderer.appliesTo(path))
                .findFirst()
                .map(renderer -> renderer.render(problem, requestId))
                .orElseGet(() -> new ErrorResponse(
                        problem.status(), problem.headers(), Problem.MEDIA_TYPE, problem.toJson(path, requestId)));
    }
}
