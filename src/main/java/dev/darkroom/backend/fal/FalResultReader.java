package dev.darkroom.backend.fal;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.ErrorResponseMapper;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.buffer.Buffer;

/** Reads responses with the output of a model. Thread-safe; for worker threads. */
final class FalResultReader {
    private final BackendHttpClient http;
    private final FalErrorMapper errors;
    private final FalOutputParser parser;

    /** @param maxImageBytes maximum size of one image in bytes */
    FalResultReader(BackendHttpClient http, int maxImageBytes) {
        this.http = http;
        this.errors = new FalErrorMapper(http.responses().errors());
        this.parser = new FalOutputParser(maxImageBytes);
    }

    FalErrorMapper errors() {
        return errors;
    }

    /**
     * Reads the result of a request that has ended. The queue returns the status, the headers and the body of the model.
     *
     * @param count number of requested images
     * @throws BackendCallException for an error that is not the result, and for a success that cannot be read
     */
    FalResult readQueued(OutboundResponse encoded, int count) {
        OutboundResponse response = http.responses().decode(encoded);
        if (response.success()) {
            return read(response, count);
        }
        BackendFailure failure = errors.toFailure(response);
        if (FalErrorMapper.isResult(response)) {
            // The result stays the same, so another look-up cannot resolve it.
            return FalResult.failed(
                    failure.failureClass() == FailureClass.AMBIGUOUS
                            ? failure.withFailureClass(FailureClass.SERVER_ERROR)
                            : failure,
                    response);
        }
        throw new BackendCallException(
                failure.failureClass() == FailureClass.TERMINAL_INPUT
                        ? failure.withFailureClass(FailureClass.REJECTED_RETRYABLE)
                        : failure);
    }

    /**
     * Reads the response of an app.
     *
     * @param count number of requested images
     * @throws BackendCallException when the status is not 2xx, or the body cannot be read
     */
    FalResult read(OutboundResponse encoded, int count) {
        OutboundResponse response = http.responses().decode(encoded);
        if (!response.success()) {
            throw new BackendCallException(errors.toFailure(response));
        }
        response = http.responses().requireBody(response);
        Buffer bodyPrefix = response.bodyPrefix();
        try {
            FalOutputParser.Output output = parser.parse(response.body(), count);
            if (output.flagged()) {
                return FalResult.failed(ErrorResponseMapper.MODERATED, response);
            }
            if (output.images().size() < count) {
                throw output.images().isEmpty()
                        ? BackendCallException.emptyResponse()
                        : BackendCallException.tooFewImages();
            }
            return FalResult.succeeded(output.images(), response);
        } catch (BackendCallException e) {
            throw http.responses().errors().toRefusalOr(e, response, bodyPrefix);
        }
    }
}
