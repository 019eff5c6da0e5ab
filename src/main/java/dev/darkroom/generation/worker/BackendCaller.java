package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.backend.executor.BackendExecutor.Execution;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.Future;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Calls the AI server of an attempt. Looks up an earlier submission with an unknown outcome, and submits only when the AI server does
 * not have it. Stateless.
 *
 * @param gate permits each submission
 */
record BackendCaller(BackendRouter router, Function<GenerationLease, Future<SubmissionPermit>> gate) {
    /** Failure of an attempt that cannot find out what became of an earlier one. */
    static final BackendFailure OUTCOME_UNKNOWN = BackendFailure.of(
            FailureClass.AMBIGUOUS,
            "OUTCOME_UNKNOWN",
            "It is unknown whether the AI server made the images. Another submission could be billed twice.");

    private static final BackendFailure PARAMETERS_REJECTED = BackendFailure.of(
            FailureClass.TERMINAL_INPUT,
            "PARAMETERS_REJECTED",
            "The parameters of the request are not valid for the AI server.");

    private static final BackendFailure INPUTS_REJECTED = BackendFailure.of(
            FailureClass.TERMINAL_INPUT,
            "INPUT_IMAGES_REJECTED",
            "The AI server does not accept the input images of the request.");

    /**
     * Outcome of a call.
     *
     * @param earlierJobGone whether there was an earlier submission that the AI server does not have
     * @param submitted whether the AI server may have received a submission of this call
     * @param permit to submit; null when none was requested
     */
    record CallResult(Execution execution, boolean earlierJobGone, boolean submitted, SubmissionPermit permit) {}

    /** Calls the AI server. The future never fails. */
    Future<CallResult> call(GenerationLease generationLease, BackendCall backendCall) {
        BackendExecutor executor = router.executor(generationLease.backend()).orElse(null);
        if (executor == null || !generationLease.isLookUp()) {
            return submit(generationLease, backendCall, false);
        }
        if (!executor.canLookUp(generationLease.job())) {
            return router.repeatsAmbiguous(generationLease.backend())
                    ? submit(generationLease, backendCall, true)
                    : Future.succeededFuture(result(new BackendOutcome.Failed(OUTCOME_UNKNOWN), false));
        }
        Future<Execution> lookUp =
                inSpan(executor, backendCall, () -> executor.lookUp(createRequest(generationLease), backendCall));
        return lookUp.compose(found -> {
            boolean gone = found.backendOutcome() instanceof BackendOutcome.JobNotFound;
            if (gone && generationLease.job().providerId() != null) {
                // The id belongs to the old job. A new lease has a new key and no id.
                return Future.succeededFuture(result(new BackendOutcome.NotStarted(), true));
            }
            return gone
                    ? submit(generationLease, backendCall, true)
                    : Future.succeededFuture(new CallResult(found, false, false, null));
        });
    }

    /**
     * Submits the request of a lease, unless its parameters or input images are no longer accepted: the configuration may have changed.
     *
     * @param earlierJobGone whether there was an earlier submission that the AI server does not have
     * @return never fails
     */
    Future<CallResult> submit(GenerationLease generationLease, BackendCall backendCall, boolean earlierJobGone) {
        BackendExecutor executor = router.executor(generationLease.backend()).orElse(null);
        if (executor == null) {
            return Future.succeededFuture(result(new BackendOutcome.NotStarted(), earlierJobGone));
        }
        ImageRequest request = createRequest(generationLease);
        BackendFailure rejection = !router.acceptsParameters(executor.name(), request)
                ? PARAMETERS_REJECTED
                : router.acceptsInputs(executor.name(), request) ? null : INPUTS_REJECTED;
        if (rejection != null) {
            return Future.succeededFuture(result(new BackendOutcome.Failed(rejection), earlierJobGone));
        }
        return gate.apply(generationLease)
                .compose(permit -> execute(permit, executor, request, backendCall)
                        .map(execution -> new CallResult(execution, earlierJobGone, backendCall.sent(), permit)));
    }

    private static Future<Execution> execute(
            SubmissionPermit permit, BackendExecutor executor, ImageRequest request, BackendCall backendCall) {
        if (permit instanceof SubmissionPermit.Granted) {
            return inSpan(executor, backendCall, () -> executor.execute(request, backendCall));
        }
        BackendOutcome withoutCall = permit instanceof SubmissionPermit.Refused refused
                ? new BackendOutcome.Failed(refused.backendFailure())
                : new BackendOutcome.NotStarted();
        return Future.succeededFuture(new Execution(withoutCall, false, false));
    }

    /** Runs a call in a child of the span of the attempt. */
    private static Future<Execution> inSpan(
            BackendExecutor executor, BackendCall backendCall, Supplier<Future<Execution>> call) {
        TraceSpan attempt = backendCall.span();
        TraceSpan span = attempt.startChild(SpanType.BACKEND_CALL).set(SpanAttribute.BACKEND, executor.name());
        backendCall.setSpan(span);
        return call.get().onSuccess(execution -> {
            AttemptSpans.end(span, execution.backendOutcome());
            backendCall.setSpan(attempt);
        });
    }

    /** Returns the result of a call without a submission. */
    private static CallResult result(BackendOutcome backendOutcome, boolean earlierJobGone) {
        return new CallResult(new Execution(backendOutcome, false, false), earlierJobGone, false, null);
    }

    private ImageRequest createRequest(GenerationLease generationLease) {
        return generationLease
                .imageRequest()
                .withModel(router.modelAt(generationLease.route(), generationLease.backend()));
    }

    /**
     * Returns what to do about the submission of a failed attempt.
     *
     * @param job of the attempt, with the id of the AI server when it is known
     * @param lookUp whether the failure is that of a look-up
     * @param submitted whether the AI server may have received a submission of the attempt
     */
    Resolution resolve(
            GenerationLease generationLease,
            BackendFailure backendFailure,
            JobReference job,
            boolean lookUp,
            boolean submitted) {
        if (!lookUp && !submitted) {
            return Resolution.SUBMIT_AGAIN;
        }
        String backend = generationLease.backend();
        FailureClass failureClass = backendFailure.failureClass();
        boolean canLookUp = router.executor(backend)
                .map(executor -> executor.canLookUp(job))
                .orElse(false);
        boolean repeats = router.repeatsAmbiguous(backend);
        boolean unreachable =
                lookUp && failureClass == FailureClass.NOT_SENT || isUnreachableBehindProxy(backendFailure);
        if (unreachable && repeats && router.hasAlternative(generationLease.route(), backend)) {
            return Resolution.SUBMIT_AGAIN;
        }
        if (canLookUp && isUnresolved(failureClass, lookUp)) {
            return Resolution.LOOK_UP;
        }
        boolean unknown = failureClass.outcomeUnknown() || failureClass == FailureClass.INTERNAL;
        return repeats || !unknown ? Resolution.SUBMIT_AGAIN : Resolution.GIVE_UP;
    }

    /** Returns whether a proxy rejected a submission and also the look-up that followed it, so that the AI server may be down. */
    private static boolean isUnreachableBehindProxy(BackendFailure backendFailure) {
        return backendFailure.failureClass() == FailureClass.AMBIGUOUS
                && backendFailure.httpStatus() != null
                && (backendFailure.httpStatus() == 502 || backendFailure.httpStatus() == 503);
    }

    /** Returns whether the job may still succeed or have succeeded: the failure is that of Darkroom, or of the look-up itself. */
    private static boolean isUnresolved(FailureClass failureClass, boolean lookUp) {
        return switch (failureClass) {
            case AMBIGUOUS, RESULT_DOWNLOAD, INTERNAL -> true;
            case NOT_SENT, TERMINAL_AUTH -> lookUp;
            default -> false;
        };
    }

    /** What the next attempt does about the submission of a failed one. */
    enum Resolution {
        /** Looks it up at the same AI server. */
        LOOK_UP,
        /** Submits again, at any AI server. */
        SUBMIT_AGAIN,
        /** There is none, because another submission could be billed twice. */
        GIVE_UP
    }
}
