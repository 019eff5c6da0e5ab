package dev.darkroom.api.problem;

import io.vertx.core.json.JsonObject;
import java.util.Map;

/**
 * Form of the error responses below some paths, for an API whose clients do not read problem documents. Stateless; returns no response with
 * a status below 400.
 */
public interface ErrorRenderer {

    /** Returns whether the errors of a path have this form, also when no operation has the path. */
    boolean appliesTo(String path);

    /** Returns the response of a failed request. */
    ErrorResponse render(Problem problem, String requestId);

    /** @param headers besides the media type and the headers that all responses have */
    record ErrorResponse(int status, Map<String, String> headers, String mediaType, JsonObject body) {
        public ErrorResponse {
            headers = Map.copyOf(headers);
        }
    }
}
