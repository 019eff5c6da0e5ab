package dev.darkroom.generation.command;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.backend.InputImages;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationCommand.CreateGeneration;
import dev.darkroom.generation.GenerationCommand.RetryGeneration;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.RequestWebhook;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.store.IdempotencyKey;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.store.SubmissionStore.Submission;
import dev.darkroom.generation.store.SubmissionStore.Submitted;
import dev.darkroom.generation.store.SubmissionStore.UsedKey;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.http.egress.HostLookupException;
import dev.darkroom.http.egress.RejectedUrlException;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands that create a generation: validate the request, apply the defaults and store the generation once, within the limits. */
final class SubmissionService {
    private static final Logger LOG = LoggerFactory.getLogger(SubmissionService.class);

    private final GenerationCommandDependencies dependencies;
    private final SubmissionLimits limits;
    private final SubmissionStore submissions;
    private final GenerationStore store;
    private final InputImageResolver inputImages;
    private final GenerationQueries queries;
    private final Settings.Generation settings;
    private final ModelCatalog catalog;
    private final RandomGenerator random;
    private final NoArgGenerator idGenerator = Generators.timeBasedEpochRandomGenerator();

    /**
     * @param queries reads the generation of an earlier request with the same idempotency key
     * @param random chooses seeds for requests without one
     */
    SubmissionService(
            GenerationCommandDependencies dependencies,
            GenerationQueries queries,
            Settings.Generation settings,
            ModelCatalog catalog,
            RandomGenerator random) {
        this.dependencies = dependencies;
        this.submissions = dependencies.submissions();
        this.store = new GenerationStore(dependencies.database());
        this.inputImages = new InputImageResolver(dependencies.uploads(), dependencies.inputImageEgress());
        this.limits = new SubmissionLimits(dependencies, settings, catalog);
        this.queries = queries;
        this.settings = settings;
        this.catalog = catalog;
        this.random = random;
    }

    Future<CommandReply<CreatedGeneration>> create(CommandContext<CreateGeneration> context) {
        CreateGeneration command = context.command();
        return accept(new SubmissionRequest(
                command.requester().user(),
                command.spec(),
                null,
                command.idempotencyKey(),
                command.waitingRequest(),
                context.requestId(),
                context.span()));
    }

    Future<CommandReply<CreatedGeneration>> retry(CommandContext<RetryGeneration> context) {
        RetryGeneration command = context.command();
        return store.find(command.id(), command.requester().ownerFilter()).compose(found -> {
            if (found.isEmpty()) {
                return CommandReply.<CreatedGeneration>notFound("generation").toFuture();
            }
            Generation original = found.get();
            if (original.status() != GenerationStatus.FAILED) {
                return CommandReply.<CreatedGeneration>conflict("the generation has not failed")
                        .toFuture();
            }
            return accept(new SubmissionRequest(
                    original.userId(),
                    GenerationSpec.repeat(original.request(), catalog),
                    original.id(),
                    command.idempotencyKey(),
                    null,
                    context.requestId(),
                    context.span()));
        });
    }

    /**
     * Request to create a generation, not yet validated.
     *
     * @param userId owner of the new generation
     * @param retryOf generation that it retries, null when it is no retry
     * @param key idempotency key, null without one
     * @param waitingRequest null when no connection waits
     * @param requestId for the log
     * @param span of the command
     */
    private record SubmissionRequest(
            String userId,
            GenerationSpec spec,
            UUID retryOf,
            String key,
            WaitingRequest waitingRequest,
            String requestId,
            TraceSpan span) {
        SubmissionRequest withInputs(InputImages inputs) {
            return new SubmissionRequest(
                    userId, spec.withInputs(inputs), retryOf, key, waitingRequest, requestId, span);
        }
    }

    private Future<CommandReply<CreatedGeneration>> accept(SubmissionRequest request) {
        String key = request.key();
        if (key != null && (key.isEmpty() || key.length() > IdempotencyKey.MAX_LENGTH)) {
            return CommandReply.<CreatedGeneration>invalid(
                            "idempotencyKey must have 1 to " + IdempotencyKey.MAX_LENGTH + " characters", List.of())
                    .toFuture();
        }
        List<FieldError> errors = request.spec().validate(catalog);
        if (!errors.isEmpty()) {
            return invalidRequest(errors).toFuture();
        }
        return request.spec().inputs().isEmpty() ? checkWebhookUrl(request) : checkInputImages(request);
    }

    private Future<CommandReply<CreatedGeneration>> checkInputImages(SubmissionRequest request) {
        return inputImages
                .resolve(request.userId(), request.spec().inputs())
                .compose(resolution -> resolution.errors().isEmpty()
                        ? checkWebhookUrl(request.withInputs(resolution.inputs()))
                                // An upload was deleted after it was found. It is not found again.
                                .recover(error -> DatabaseErrorClassifier.isForeignKeyViolation(error)
                                        ? checkInputImages(request)
                                        : Future.failedFuture(error))
                        : rejectUnlessReplayed(toSubmission(request), () -> invalidRequest(resolution.errors())));
    }

    private Future<CommandReply<CreatedGeneration>> checkWebhookUrl(SubmissionRequest request) {
        RequestWebhook webhook = request.spec().webhook();
        return webhook == null
                ? acceptValid(request)
                : dependencies.egressPolicy().check(webhook.url()).transform(check -> {
                    if (check.succeeded()) {
                        return acceptValid(request);
                    }
                    if (check.cause() instanceof RejectedUrlException rejected) {
                        return rejectUnlessReplayed(
                                toSubmission(request),
                                () -> invalidRequest(List.of(new FieldError("#/webhookUrl", rejected.getMessage()))));
                    }
                    return check.cause() instanceof HostLookupException lookupFailed
                            ? rejectUnlessReplayed(
                                    toSubmission(request),
                                    () -> CommandReply.rejected(RejectionReason.UNAVAILABLE, lookupFailed.getMessage()))
                            : Future.failedFuture(check.cause());
                });
    }

    private static CommandReply<CreatedGeneration> invalidRequest(List<FieldError> errors) {
        return CommandReply.invalid("the request is not valid", errors);
    }

    private Future<CommandReply<CreatedGeneration>> acceptValid(SubmissionRequest request) {
        Submission submission = toSubmission(request);
        return limits.findRejection(submission, request.requestId())
                .compose(rejection -> rejection.isEmpty()
                        ? submit(submission, request)
                        : rejectUnlessReplayed(submission, rejection.get()));
    }

    private Submission toSubmission(SubmissionRequest request) {
        ModelSettings model = catalog.find(request.spec().model()).orElseThrow();
        GenerationRequest resolved = request.spec().resolve(settings, catalog.limitsOf(model), model.name(), random);
        IdempotencyKey key = request.key() == null ? null : toKey(request, resolved);
        return new Submission(
                idGenerator.generate(),
                request.userId(),
                model.route(),
                resolved,
                request.retryOf(),
                key,
                request.spec().webhook(),
                key == null ? request.waitingRequest() : null,
                null);
    }

    private static IdempotencyKey toKey(SubmissionRequest request, GenerationRequest resolved) {
        if (request.retryOf() != null) {
            return IdempotencyKey.forRetry(request.key(), request.retryOf());
        }
        return request.waitingRequest() == null
                ? IdempotencyKey.forCreate(request.key(), request.spec(), resolved)
                : IdempotencyKey.forBody(request.key(), request.waitingRequest().bodyDigest());
    }

    /** Replays the reply to an earlier request with the same idempotency key; without one, rejects the request. */
    private Future<CommandReply<CreatedGeneration>> rejectUnlessReplayed(
            Submission submission, Supplier<CommandReply<CreatedGeneration>> rejection) {
        return replay(submission).map(replayed -> replayed.orElseGet(rejection));
    }

    private Future<CommandReply<CreatedGeneration>> submit(Submission submission, SubmissionRequest request) {
        return store(submission, request.span()).compose(stored -> {
            if (stored.isPresent()) {
                onAccepted(submission, stored.get().started(), request.requestId());
                return created(stored.get().generation(), false).toFuture();
            }
            return replay(submission)
                    .compose(replayed -> replayed.isPresent()
                            ? replayed.get().toFuture()
                            : limits.rejectOverQuota(submission, request.requestId()));
        });
    }

    /** Stores a generation with the context of the span that stores it: the parent of the spans of its attempts. */
    private Future<Optional<Submitted>> store(Submission submission, TraceSpan command) {
        if (!command.isPresent()) {
            return submissions.submit(submission);
        }
        TraceSpan span = command.startChild(SpanType.GENERATION_SUBMIT)
                .set(SpanAttribute.MESSAGING_ID, submission.id())
                .set(SpanAttribute.GENERATION, submission.id());
        return submissions.submit(submission.withTrace(span.context())).onComplete(span::endWith);
    }

    private CommandReply<CreatedGeneration> created(Generation generation, boolean replayed) {
        return CommandReply.completed(new CreatedGeneration(generation, replayed));
    }

    private void onAccepted(Submission submission, boolean started, String requestId) {
        var line = LOG.atInfo().addKeyValue("generation", submission.id()).addKeyValue("requestId", requestId);
        if (submission.retryOf() != null) {
            line = line.addKeyValue("retryOf", submission.retryOf());
        }
        line.log("generation accepted");
        dependencies.metrics().recordAccepted();
        if (!started) {
            dependencies.backlogEstimator().recordAccepted();
            GenerationSignals.SUBMITTED.publish(dependencies.notifyChannel());
        }
    }

    /** Returns the reply to an earlier request with the same idempotency key; empty without a key or an earlier request. */
    private Future<Optional<CommandReply<CreatedGeneration>>> replay(Submission submission) {
        if (submission.key() == null) {
            return Future.succeededFuture(Optional.empty());
        }
        return submissions
                .findUsedKey(submission.userId(), submission.key().key())
                .compose(used -> used.isEmpty()
                        ? Future.succeededFuture(Optional.empty())
                        : replay(submission, used.get()).map(Optional::of));
    }

    private Future<CommandReply<CreatedGeneration>> replay(Submission submission, UsedKey usedKey) {
        if (!submission.key().matches(usedKey.fingerprint())) {
            return CommandReply.<CreatedGeneration>rejected(
                            RejectionReason.KEY_REUSED, "the idempotency key was used with a different request")
                    .toFuture();
        }
        return queries.find(usedKey.generationId(), submission.userId())
                .map(found -> found.map(generation -> created(generation, true))
                        .orElseGet(() -> CommandReply.conflict(
                                "the generation that was created with this Idempotency-Key has been deleted")));
    }
}
