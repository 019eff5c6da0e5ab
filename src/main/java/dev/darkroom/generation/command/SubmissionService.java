package dev.darkroom.generation.command;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.IdempotencyKey;
import dev.darkroom.generation.store.GenerationRowMapper;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.store.SubmissionStore.Submission;
import dev.darkroom.generation.store.SubmissionStore.UsedKey;
import dev.darkroom.http.egress.HostLookupException;
import dev.darkroom.http.egress.RejectedUrlException;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands that create a generation: validate the request, apply the defaults, check the limits and store the generation once. */
final class SubmissionService {
    private static final Logger LOG = LoggerFactory.getLogger(SubmissionService.class);

    /** Value of {@code retryAfterSeconds} minus one for a full queue, because the time until there is room is unknown. */
    private static final Duration QUEUE_FULL_RETRY_AFTER = Duration.ofSeconds(29);

    private static final Duration PENDING_LIMIT_RETRY_AFTER = Duration.ofSeconds(9);
    private static final Duration DAILY_LIMIT_RETRY_AFTER = Duration.ofSeconds(59);

    private final GenerationCommandDependencies dependencies;
    private final SubmissionStore submissions;
    private final GenerationStore store;
    private final UnaryOperator<JsonObject> addQueuePosition;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private final NoArgGenerator idGenerator = Generators.timeBasedEpochRandomGenerator();

    /**
     * @param addQueuePosition adds the queue position to a generation
     * @param model model of all generations, null to leave it to the AI server
     * @param random chooses seeds for requests without one
     */
    SubmissionService(
            GenerationCommandDependencies dependencies,
            UnaryOperator<JsonObject> addQueuePosition,
            Settings.Generation settings,
            String model,
            RandomGenerator random) {
        this.dependencies = dependencies;
        this.submissions = dependencies.submissions();
        this.store = new GenerationStore(dependencies.database());
        this.addQueuePosition = addQueuePosition;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    /** Handles {@link GenerationBus#CREATE}. */
    Future<JsonObject> create(BusCommand busCommand) {
        if (!(busCommand.body().getValue("request") instanceof JsonObject request)) {
            return Future.succeededFuture(CommandReplies.invalid("request must be an object"));
        }
        return accept(busCommand, busCommand.user(), request, null);
    }

    /** Handles {@link GenerationBus#RETRY}. The new generation belongs to the owner of the old one, also when an admin retries it. */
    Future<JsonObject> retry(BusCommand busCommand, UUID id) {
        return store.find(id, busCommand.ownerFilter())
                .compose(found -> found.isEmpty()
                        ? Future.succeededFuture(CommandReplies.notFound("generation"))
                        : retry(busCommand, id, found.get()));
    }

    private Future<JsonObject> retry(BusCommand busCommand, UUID id, JsonObject original) {
        if (!original.getString("status").equals(GenerationStatus.FAILED.name())) {
            return Future.succeededFuture(CommandReplies.conflict("the generation has not failed"));
        }
        JsonObject request = new JsonObject();
        for (String field : List.of("prompt", "negativePrompt", "width", "height", "count", "seed", "metadata")) {
            if (original.containsKey(field)) {
                request.put(field, original.getValue(field));
            }
        }
        return accept(busCommand, original.getString("user"), request, id);
    }

    private Future<JsonObject> accept(BusCommand busCommand, String user, JsonObject request, UUID retryOf) {
        String key = busCommand.optionalText("idempotencyKey");
        if (key != null && (key.isEmpty() || key.length() > IdempotencyKey.MAX_LENGTH)) {
            return Future.succeededFuture(CommandReplies.invalid(
                    "idempotencyKey must have 1 to " + IdempotencyKey.MAX_LENGTH + " characters"));
        }
        List<FieldError> errors = GenerationRequest.validate(request, settings, model);
        if (!errors.isEmpty()) {
            return Future.succeededFuture(CommandReplies.invalid("the request is not valid", errors));
        }
        String webhookUrl = request.getString(GenerationRequest.WEBHOOK_URL);
        if (webhookUrl == null) {
            return acceptValid(busCommand, user, request, retryOf, key);
        }
        return dependencies
                .egressPolicy()
                .check(webhookUrl)
                .transform(check -> check.cause() instanceof RejectedUrlException rejected
                        ? Future.succeededFuture(CommandReplies.invalid(
                                "the request is not valid",
                                List.of(new FieldError("#/" + GenerationRequest.WEBHOOK_URL, rejected.getMessage()))))
                        : check.cause() instanceof HostLookupException lookupFailed
                                ? Future.succeededFuture(
                                        CommandReplies.error(CommandProtocol.UNAVAILABLE, lookupFailed.getMessage()))
                                : check.failed()
                                        ? Future.failedFuture(check.cause())
                                        : acceptValid(busCommand, user, request, retryOf, key));
    }

    private Future<JsonObject> acceptValid(
            BusCommand busCommand, String user, JsonObject request, UUID retryOf, String key) {
        long seed = random.nextLong(GenerationRequest.MAX_SEED + 1);
        GenerationRequest resolved = GenerationRequest.resolve(request, settings, model, seed);
        Submission submission = new Submission(
                idGenerator.generate(),
                user,
                resolved,
                retryOf,
                key == null
                        ? null
                        : retryOf == null
                                ? IdempotencyKey.forCreate(key, request, resolved)
                                : IdempotencyKey.forRetry(key, retryOf),
                request.getString(GenerationRequest.WEBHOOK_URL));
        if (dependencies.backlogEstimator().hasReached(settings.maxQueueSize())) {
            return rejectUnlessReplayed(
                    submission, () -> rejectOverloaded("the queue is full", QUEUE_FULL_RETRY_AFTER, busCommand));
        }
        return estimateWait(user)
                .compose(wait -> wait.compareTo(settings.deadline()) > 0
                        ? rejectUnlessReplayed(
                                submission,
                                () -> rejectOverloaded(
                                        "the generation would not start before its deadline",
                                        wait.minus(settings.deadline()),
                                        busCommand))
                        : submit(submission, busCommand.requestId()));
    }

    /**
     * Estimates how long one more generation of a user would wait; never too long. The queue is fair: the backlog of other users does
     * not delay a user with few waiting generations. Queries the database only when the whole queue would take longer than the deadline.
     */
    private Future<Duration> estimateWait(String user) {
        BacklogEstimator backlogEstimator = dependencies.backlogEstimator();
        if (!backlogEstimator.takesLongerThan(settings.deadline())) {
            return Future.succeededFuture(Duration.ZERO);
        }
        // Counts to twice the decisive number, so that Retry-After can distinguish long waits.
        return submissions
                .countAhead(user, 2 * backlogEstimator.capacityWithin(settings.deadline()) + 1)
                .map(ahead -> backlogEstimator.estimateWait(ahead).orElse(Duration.ZERO));
    }

    private static JsonObject rejectOverloaded(String reason, Duration retryAfter, BusCommand busCommand) {
        return reject(GenerationBus.OVERLOADED, reason, retryAfter, busCommand.requestId());
    }

    private static JsonObject reject(String code, String reason, Duration retryAfter, String requestId) {
        long seconds = Math.max(1, Math.min(60, retryAfter.toSeconds() + 1));
        LOG.atWarn()
                .addKeyValue("requestId", requestId)
                .addKeyValue("reason", reason)
                .addKeyValue("retryAfterSeconds", seconds)
                .log("generation rejected");
        JsonObject reply = CommandReplies.error(code, reason);
        reply.getJsonObject("error").put("retryAfterSeconds", seconds);
        return reply;
    }

    private interface Rejection {
        JsonObject reply();
    }

    /** Replays the reply to an earlier request with the same idempotency key; without one, rejects the request. */
    private Future<JsonObject> rejectUnlessReplayed(Submission submission, Rejection rejection) {
        if (submission.key() == null) {
            return Future.succeededFuture(rejection.reply());
        }
        return submissions
                .findUsedKey(submission.userId(), submission.key().key())
                .compose(used ->
                        used.isEmpty() ? Future.succeededFuture(rejection.reply()) : replay(submission, used.get()));
    }

    private Future<JsonObject> submit(Submission submission, String requestId) {
        return submissions.submit(submission).compose(stored -> {
            if (stored.isPresent()) {
                onAccepted(submission, requestId);
                return Future.succeededFuture(GenerationRowMapper.toReply(addQueuePosition.apply(stored.get())));
            }
            if (submission.key() == null) {
                return rejectOverQuota(submission, requestId);
            }
            return submissions
                    .findUsedKey(submission.userId(), submission.key().key())
                    .compose(used ->
                            used.isEmpty() ? rejectOverQuota(submission, requestId) : replay(submission, used.get()));
        });
    }

    /** Rejects a submission that exceeded a quota of its user, and finds out which one, even if the quota has room again by now. */
    private Future<JsonObject> rejectOverQuota(Submission submission, String requestId) {
        return submissions
                .findReachedLimits(submission.userId())
                .map(reachedLimits -> reachedLimits.dailyLimit() && !reachedLimits.pendingLimit()
                        ? reject(
                                GenerationBus.QUOTA_EXCEEDED,
                                "daily quota of " + settings.maxPerDayPerUser() + " generations exceeded",
                                DAILY_LIMIT_RETRY_AFTER,
                                requestId)
                        : reject(
                                GenerationBus.QUOTA_EXCEEDED,
                                "quota of " + settings.maxPendingPerUser() + " pending generations exceeded",
                                PENDING_LIMIT_RETRY_AFTER,
                                requestId));
    }

    private void onAccepted(Submission submission, String requestId) {
        var line = LOG.atInfo().addKeyValue("generation", submission.id()).addKeyValue("requestId", requestId);
        if (submission.retryOf() != null) {
            line = line.addKeyValue("retryOf", submission.retryOf());
        }
        line.log("generation accepted");
        dependencies.backlogEstimator().recordAccepted();
        GenerationSignals.SUBMITTED.publish(dependencies.notifyChannel());
    }

    private Future<JsonObject> replay(Submission submission, UsedKey usedKey) {
        if (!submission.key().matches(usedKey.fingerprint())) {
            return Future.succeededFuture(CommandReplies.error(
                    GenerationBus.KEY_REUSED, "the idempotency key was used with a different request"));
        }
        return store.find(usedKey.generationId(), submission.userId()).map(this::toReplayReply);
    }

    private JsonObject toReplayReply(Optional<JsonObject> found) {
        return found.map(generation -> GenerationRowMapper.toReply(addQueuePosition.apply(generation))
                        .put("replayed", true))
                .orElseGet(() -> CommandReplies.conflict(
                        "the generation that was created with this Idempotency-Key has been deleted"));
    }
}
