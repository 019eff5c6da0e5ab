package dev.darkroom.simulator;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/images/generations}. Every request whose body arrived is logged; a valid one is a submission and uses up one
 * step of the script. A bad one gets its 400 at once and uses up none.
 */
final class ImagesHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(ImagesHandler.class);

    private final Script script;
    private final RequestLog log;
    private final Director director;
    private final Studio studio;

    ImagesHandler(Script script, RequestLog log, Director director, Studio studio) {
        this.script = script;
        this.log = log;
        this.director = director;
        this.studio = studio;
    }

    @Override
    public void handle(RoutingContext context) {
        HttpServerRequest request = context.request();
        Wire wire = new Wire(context);
        Bodies.read(request).onComplete(body -> submit(request, wire, body), cause -> refuse(wire, cause));
    }

    private void submit(HttpServerRequest request, Wire wire, Buffer body) {
        RequestLog.Submitted entry =
                log.add(request.getHeader("Idempotency-Key"), request.headers().contains("Authorization"), body);
        ImagesRequest wanted;
        try {
            wanted = ImagesRequest.parse(Bodies.object(body));
        } catch (BadRequestException e) {
            entry.answeredWith("status " + e.status());
            refuse(wire, e);
            return;
        }
        Step step = script.next();
        entry.answeredWith(step.fault().describe());
        LOG.atDebug().addKeyValue("answer", step.fault().describe()).log("simulator took a submission");
        Submission submission = new Submission(wanted, wire, studio, entry);
        director.after(step, wire, entry::closedByClient, () -> step.fault().play(submission));
    }

    private static void refuse(Wire wire, Throwable cause) {
        // Anything else means that the client left before its body was complete.
        if (cause instanceof BadRequestException e) {
            wire.json(e.status(), ApiError.of(e.getMessage(), "invalid_request_error", e.param(), null));
        }
    }
}
