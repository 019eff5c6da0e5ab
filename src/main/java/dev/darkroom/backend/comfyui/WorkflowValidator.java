package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.BackendProbe;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;

/**
 * Compares a workflow with the node types of its server. ComfyUI ignores unknown inputs, so that a misspelled input would give an
 * image without the prompt. Compares when the limits are read, before a submission while no comparison has succeeded, and again after
 * {@link #reset}. Thread-safe.
 */
final class WorkflowValidator {
    private static final String PATH = "/object_info";
    private static final BackendFailure NOT_SENT = BackendFailure.of(
            FailureClass.NOT_SENT, "NODE_TYPES_UNAVAILABLE", "The AI server did not return its node types.");

    private final BackendHttpClient http;
    private final WorkflowTemplate workflow;
    private final int maxBytes;
    private volatile boolean valid;

    /** @param maxBytes maximum size of the node types in bytes */
    WorkflowValidator(BackendHttpClient http, WorkflowTemplate workflow, int maxBytes) {
        this.http = http;
        this.workflow = workflow;
        this.maxBytes = maxBytes;
    }

    /** Requires a new comparison, since the nodes of the server may have changed. */
    void reset() {
        valid = false;
    }

    /** Fails with {@link FailureClass#TERMINAL_INPUT} when the workflow does not fit. Never fails as ambiguous: nothing was submitted. */
    Future<Void> validate(BackendCallScope scope) {
        if (valid) {
            return Future.succeededFuture();
        }
        OutboundRequest request = new OutboundRequest(HttpMethod.GET, http.target(PATH), http.headers(scope), null);
        return http.read(scope, request, maxBytes, scope.remaining(), this::check)
                .recover(cause -> Future.failedFuture(toFailureBeforeSubmission(cause, NOT_SENT)));
    }

    /**
     * Reads the limits of the inputs that are exactly a placeholder. Also compares the workflow, so that a later {@link #validate} needs
     * no request.
     *
     * @param parameters names of the parameters
     */
    Future<ServerLimits> readLimits(BackendProbe probe, Set<String> parameters, Duration timeout) {
        return probe.fetch(PATH, maxBytes, timeout, body -> {
            NodeTypes types = NodeTypes.parse(body, workflow);
            valid = types.findMissing(workflow) == null;
            return types.limits(workflow, parameters);
        });
    }

    private Void check(OutboundResponse outboundResponse) {
        if (!outboundResponse.success()) {
            throw new BackendCallException(http.responses().errors().toFailure(outboundResponse));
        }
        String missing;
        try {
            missing = NodeTypes.parse(outboundResponse.body().drain(), workflow).findMissing(workflow);
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        if (missing != null) {
            throw new BackendCallException(BackendFailure.of(
                            FailureClass.TERMINAL_INPUT,
                            "WORKFLOW_MISMATCH",
                            "The workflow of the backend does not fit the nodes of the AI server.")
                    .withDetail("workflow " + workflow.name() + ": " + missing));
        }
        valid = true;
        return null;
    }

    /**
     * Returns the failure of a request before a submission. It is never ambiguous, since nothing was submitted.
     *
     * @param notSent replaces an ambiguous failure
     */
    static Throwable toFailureBeforeSubmission(Throwable cause, BackendFailure notSent) {
        if (cause instanceof HttpCallException failed && failed.sent()) {
            return new BackendCallException(notSent.withDetail(cause.toString()));
        }
        if (cause instanceof BackendCallException failed && failed.failure().failureClass() == FailureClass.AMBIGUOUS) {
            return new BackendCallException(
                    notSent.withHttpStatus(failed.failure().httpStatus())
                            .withDetail(failed.failure().detail()));
        }
        return cause;
    }
}
