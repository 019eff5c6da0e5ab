package dev.darkroom.backend.replicate;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads responses with a prediction and maps its end to images or to a failure. Thread-safe; for worker threads. */
final class PredictionReader {
    /** Characters that need no encoding in a URL. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    /** Any other state means that the prediction waits or runs. */
    private static final Set<String> END_STATES = Set.of("succeeded", "failed", "canceled", "aborted");

    private final BackendHttpClient http;
    private final PredictionParser parser;

    /** @param maxImageBytes maximum size of one image in bytes */
    PredictionReader(BackendHttpClient http, int maxImageBytes) {
        this.http = http;
        this.parser = new PredictionParser(maxImageBytes);
    }

    /**
     * Reads a response.
     *
     * @param count number of requested images
     * @throws BackendCallException when the status is not 2xx or the body is not a prediction
     */
    Prediction read(OutboundResponse encoded, int count) {
        OutboundResponse response = http.responses().requireBody(encoded);
        Buffer bodyPrefix = response.bodyPrefix();
        try {
            PredictionParser.Fields fields = parser.parse(response.body(), count);
            String id = fields.id() != null && ID.matcher(fields.id()).matches() ? fields.id() : null;
            boolean running = !END_STATES.contains(fields.status());
            BackendFailure failure = running ? null : findFailure(fields, response, count);
            return new Prediction(
                    id,
                    !running,
                    fields.percent(),
                    fields.usage(),
                    failure == null ? fields.output() : List.of(),
                    failure == null ? null : failure.withHttpStatus(response.status()));
        } catch (BackendCallException e) {
            // A gateway may report a refusal with status 200.
            throw http.responses().errors().toRefusalOr(e, response, bodyPrefix);
        }
    }

    /** Returns the failure of an ended prediction; null for a success. */
    private BackendFailure findFailure(PredictionParser.Fields fields, OutboundResponse response, int count) {
        return switch (fields.status()) {
            case "failed" -> {
                // The status says nothing about the reason. Only the text does.
                JsonObject error = new JsonObject().put("error", fields.error() == null ? "" : fields.error());
                yield http.responses().errors().toFailureInSuccess(response, error.toBuffer());
            }
            case "canceled" -> JobFailures.JOB_CANCELED;
            case "aborted" -> JobFailures.JOB_NOT_STARTED;
            default -> {
                if (fields.output().size() >= count) {
                    yield null;
                }
                yield fields.dataRemoved()
                        ? JobFailures.RESULT_EXPIRED
                        : (fields.output().isEmpty()
                                        ? BackendCallException.emptyResponse()
                                        : BackendCallException.tooFewImages())
                                .failure();
            }
        };
    }
}
