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
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands that make a generation: what is asked for is checked, what is left open decided, and the generation stored once. */
final class SubmissionService {
    private static final Logger LOG = LoggerFactory.getLogger(SubmissionService.class);

    /** After how long to come again when nobody knows when there will be room: soon enough, and not too often. */
    private static final Duration QUEUE_FULL_RETRY_AFTER = Duration.ofSeconds(29);

    private static final Duration PENDING_LIMIT_RETRY_AFTER = Duration.ofSeconds(9);
    private static final Duration DAILY_LIMIT_RETRY_AFTER = Duration.ofSeconds(59);

    private final Vertx vertx;
    private final GenerationCommandVerticle.Dependencies dependencies;
    private final SubmissionStore submissions;
    private final GenerationStore store;
    private final UnaryOperator<JsonObject> addQueuePosition;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private final NoArgGenerator idGenerator = Generators.timeBasedEpochRandomGenerator();

    /**
     * @param withPlace adds to a generation where it stands in the queue
     * @param model the model that generations ask for, null to leave it to the AI server
     */
    SubmissionService(
            Vertx vertx,
            GenerationCommandVerticle.Dependencies dependencies,
            UnaryOperator<JsonObject> withPlace,
            Settings.Generation settings,
            String model,
            RandomGenerator random) {
        this.vertx = vertx;
        this.dependencies = dependencies;
        this.submissions = dependencies.submissions();
        this.store = new GenerationStore(dependencies.database());
        this.addQueuePosition = withPlace;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    /** Answers {@link GenerationBus#CREATE}. */
    Future<JsonObject> create(BusCommand busCommand) {
        if (!(busCommand.body().getValue("request") instanceof JsonObject request)) {
            return Future.succeededFuture(CommandReplies.invalid("request must be an object"));
        }
        return accept(busCommand, busCommand.user(), request, null);
    }

    /** Answers {@link GenerationBus#RETRY}. Whoever retries it, it stays its owner's. */
    Future<JsonObject> retry(BusCommand busCommand, UUID id) {
        return store.find(id, busCommand.ownerFilter())
                .compose(found -> found.isEmpty()
                        ? Future.succeededFuture(CommandReplies.notFound("generation"))
                        : retry(busCommand, id, found.get()));
    }

    private Future<JsonObject> retry(BusCommand busCommand, UUID id, JsonObject old) {
        if (!old.getString("status").equals(GenerationStatus.FAILED.name())) {
            return Future.succeededFuture(CommandReplies.conflict("the generation has not failed"));
        }
        JsonObject request = new JsonObject();
        for (String field : List.of("prompt", "negativePrompt", "width", "height", "count", "seed", "metadata")) {
            if (old.containsKey(field)) {
                request.put(field, old.getValue(field));
            }
        }
        return accept(busCommand, old.getString("user"), request, id);
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
            return accept(busCommand, user, request, retryOf, key);
        }
        return dependencies
                .egressPolicy()
                .check(webhookUrl)
                .transform(judged -> judged.cause() instanceof RejectedUrlException refused
                        ? Future.succeededFuture(CommandReplies.invalid(
                                "the request is not valid",
                                List.of(new FieldError("#/" + GenerationRequest.WEBHOOK_URL, refused.getMessage()))))
                        : judged.cause() instanceof HostLookupException away
                                ? Future.succeededFuture(
                                        CommandReplies.error(CommandProtocol.UNAVAILABLE, away.getMessage()))
                                : judged.failed()
                                        ? Future.failedFuture(judged.cause())
                                        : accept(busCommand, user, request, retryOf, key));
    }

    /** What was found valid. */
    private Future<JsonObject> accept(
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
                    submission,
                    () -> rejectOverloaded("too many generations wait already", QUEUE_FULL_RETRY_AFTER, busCommand));
        }
        return estimateWait(user)
                .compose(wait -> wait.compareTo(settings.deadline()) > 0
                        ? rejectUnlessReplayed(
                                submission,
                                () -> rejectOverloaded(
                                        "the generation would not be begun before its deadline",
                                        wait.minus(settings.deadline()),
                                        busCommand))
                        : submit(submission, busCommand.requestId()));
    }

    /**
     * How long one more generation of a user would have to wait, or less. What is fair decides: the backlog of others does
     * not stand before a user who has little waiting. Asks the database only when the whole queue would take too long.
     */
    private Future<Duration> estimateWait(String user) {
        BacklogEstimator backlogEstimator = dependencies.backlogEstimator();
        if (!backlogEstimator.takesLongerThan(settings.deadline())) {
            return Future.succeededFuture(Duration.ZERO);
        }
        // Counted further than what decides, so that Retry-After can tell a long wait from a longer one.
        return submissions
                .countAhead(user, 2 * backlogEstimator.capacityWithin(settings.deadline()) + 1)
                .map(ahead -> backlogEstimator.estimateWait(ahead).orElse(Duration.ZERO));
    }

    private static JsonObject rejectOverloaded(String why, Duration after, BusCommand busCommand) {
        return reject(GenerationBus.OVERLOADED, why, after, busCommand.requestId());
    }

    private static JsonObject reject(String code, String why, Duration after, String requestId) {
        long seconds = Math.max(1, Math.min(60, after.toSeconds() + 1));
        LOG.atWarn()
                .addKeyValue("requestId", requestId)
                .addKeyValue("reason", why)
                .addKeyValue("retryAfterSeconds", seconds)
                .log("generation refused");
        JsonObject reply = CommandReplies.error(code, why);
        reply.getJsonObject("error").put("retryAfterSeconds", seconds);
        return reply;
    }

    private interface Rejection {
        JsonObject reply();
    }

    /** What was accepted before is not refused when it is only asked for again. */
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
                return reject(submission, requestId);
            }
            return submissions
                    .findUsedKey(submission.userId(), submission.key().key())
                    .compose(used -> used.isEmpty() ? reject(submission, requestId) : replay(submission, used.get()));
        });
    }

    /** It was one too many when it came. Whether it still would be does not matter, but for which limit it was. */
    private Future<JsonObject> reject(Submission submission, String requestId) {
        return submissions
                .findReachedLimits(submission.userId())
                .map(reachedLimits -> reachedLimits.dailyLimit() && !reachedLimits.pendingLimit()
                        ? reject(
                                GenerationBus.QUOTA_EXCEEDED,
                                "you have asked for " + settings.maxPerDayPerUser()
                                        + " generations in 24 hours, as many as are allowed",
                                DAILY_LIMIT_RETRY_AFTER,
                                requestId)
                        : reject(
                                GenerationBus.QUOTA_EXCEEDED,
                                "you have " + settings.maxPendingPerUser()
                                        + " generations that have not ended, as many as are allowed at once",
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
        vertx.eventBus().publish(GenerationBus.WORK_AVAILABLE, null, new DeliveryOptions().setLocalOnly(true));
        dependencies.notifyChannel().send(GenerationBus.WORK_SIGNAL);
    }

    private Future<JsonObject> replay(Submission submission, UsedKey usedKey) {
        if (!submission.key().matches(usedKey.fingerprint())) {
            return Future.succeededFuture(CommandReplies.error(
                    GenerationBus.KEY_REUSED, "the idempotency key was used with another request"));
        }
        return store.find(usedKey.generationId(), submission.userId()).map(this::toReplayReply);
    }

    private JsonObject toReplayReply(Optional<JsonObject> found) {
        return found.map(generation -> GenerationRowMapper.toReply(addQueuePosition.apply(generation))
                        .put("replayed", true))
                .orElseGet(() -> CommandReplies.conflict(
                        "the generation that was made with this Idempotency-Key has been deleted"));
    }
}
