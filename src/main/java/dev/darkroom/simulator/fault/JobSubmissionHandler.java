package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.function.Function;

/**
 * Handles the submissions of a protocol with jobs. Logs every request with a complete body. A valid one takes one step of the script. The
 * delay of the step is the duration of the job, unless its fault concerns the response to the submission.
 *
 * @param latency the default duration of a job
 */
public record JobSubmissionHandler(
        FaultScript faultScript, SimulatorRequestLog requestLog, Duration latency, Protocol protocol)
        implements Handler<RoutingContext> {

    /** A protocol with jobs. */
    public interface Protocol {
        /**
         * Parses a submission.
         *
         * @return creates the possible responses from the duration of the job. The body of a response is created when the job is accepted
         * @throws SimulatorRequestException when the body is invalid
         */
        Function<Duration, ImageResponses> parse(Submission submission, JsonObject body);

        /** Logs and sends the response to a submission with an invalid body. */
        void reject(Submission submission, SimulatorRequestException invalid);
    }

    /** A received submission. */
    public record Submission(
            RoutingContext context, SimulatorResponseWriter writer, SimulatorRequestLog.LoggedSubmission logEntry) {}

    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .onComplete(body -> handleSubmission(context, writer, body), writer::sendRequestError);
    }

    private static boolean hasCredentials(MultiMap headers) {
        return headers.contains("Authorization") || headers.contains("x-key");
    }

    private void handleSubmission(RoutingContext context, SimulatorResponseWriter writer, Buffer encoded) {
        SimulatorRequestLog.LoggedSubmission entry =
                requestLog.add(null, hasCredentials(context.request().headers()), encoded);
        Submission submission = new Submission(context, writer, entry);
        Function<Duration, ImageResponses> createResponses;
        try {
            createResponses = protocol.parse(submission, SimulatorBodyReader.parseObject(encoded));
        } catch (SimulatorRequestException e) {
            protocol.reject(submission, e);
            return;
        }
        ScriptStep step = faultScript.nextStep(context.request().headers());
        entry.setResponse(step.fault().description());
        boolean submissionFails = step.fault() instanceof ResponseFault;
        ImageResponses responses = createResponses.apply(submissionFails ? latency : step.delayOr(latency));
        writer.respondAfter(
                submissionFails ? step.delayOr(Duration.ZERO) : Duration.ZERO,
                entry::recordClientClose,
                () -> step.fault().apply(responses));
    }
}
