package dev.darkroom.generation;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.command.Command;
import dev.darkroom.command.CommandNames;
import dev.darkroom.command.FieldError;
import dev.darkroom.command.Reply;
import dev.darkroom.config.Settings;
import dev.darkroom.egress.LookupFailedException;
import dev.darkroom.egress.RefusedUrlException;
import dev.darkroom.generation.SubmissionStore.Submission;
import dev.darkroom.generation.SubmissionStore.Used;
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
final class Acceptance {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptance.class);

    /** After how long to come again when nobody knows when there will be room: soon enough, and not too often. */
    private static final Duration FULL = Duration.ofSeconds(29);

    private static final Duration A_MOMENT = Duration.ofSeconds(9);
    private static final Duration A_MINUTE = Duration.ofSeconds(59);

    private final Vertx vertx;
    private final GenerationVerticle.Shared shared;
    private final SubmissionStore submissions;
    private final GenerationStore store;
    private final UnaryOperator<JsonObject> withPlace;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();

    /**
     * @param withPlace adds to a generation where it stands in the queue
     * @param model the model that generations ask for, null to leave it to the AI server
     */
    Acceptance(
            Vertx vertx,
            GenerationVerticle.Shared shared,
            UnaryOperator<JsonObject> withPlace,
            Settings.Generation settings,
            String model,
            RandomGenerator random) {
        this.vertx = vertx;
        this.shared = shared;
        this.submissions = shared.submissions();
        this.store = new GenerationStore(shared.database());
        this.withPlace = withPlace;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    /** Answers {@link GenerationBus#CREATE}. */
    Future<JsonObject> create(Command command) {
        if (!(command.body().getValue("request") instanceof JsonObject request)) {
            return Future.succeededFuture(Reply.invalid("request must be an object"));
        }
        return accept(command, command.user(), request, null);
    }

    /** Answers {@link GenerationBus#RETRY}. Whoever retries it, it stays its owner's. */
    Future<JsonObject> retry(Command command, UUID id) {
        return store.find(id, command.owner())
                .compose(found -> found.isEmpty()
                        ? Future.succeededFuture(Reply.notFound("generation"))
                        : retry(command, id, found.get()));
    }

    private Future<JsonObject> retry(Command command, UUID id, JsonObject old) {
        if (!old.getString("status").equals(GenerationStatus.FAILED.name())) {
            return Future.succeededFuture(Reply.conflict("the generation has not failed"));
        }
        JsonObject request = new JsonObject();
        for (String field : List.of("prompt", "negativePrompt", "width", "height", "count", "seed", "metadata")) {
            if (old.containsKey(field)) {
                request.put(field, old.getValue(field));
            }
        }
        return accept(command, old.getString("user"), request, id);
    }

    private Future<JsonObject> accept(Command command, String user, JsonObject request, UUID retryOf) {
        String key = command.text("idempotencyKey");
        if (key != null && (key.isEmpty() || key.length() > IdempotencyKey.MAX_LENGTH)) {
            return Future.succeededFuture(
                    Reply.invalid("idempotencyKey must have 1 to " + IdempotencyKey.MAX_LENGTH + " characters"));
        }
        List<FieldError> errors = GenerationRequest.check(request, settings, model);
        if (!errors.isEmpty()) {
            return Future.succeededFuture(Reply.invalid("the request is not valid", errors));
        }
        String webhookUrl = request.getString(GenerationRequest.WEBHOOK_URL);
        if (webhookUrl == null) {
            return accept(command, user, request, retryOf, key);
        }
        return shared.egress()
                .check(webhookUrl)
                .transform(judged -> judged.cause() instanceof RefusedUrlException refused
                        ? Future.succeededFuture(Reply.invalid(
                                "the request is not valid",
                                List.of(new FieldError("#/" + GenerationRequest.WEBHOOK_URL, refused.getMessage()))))
                        : judged.cause() instanceof LookupFailedException away
                                ? Future.succeededFuture(Reply.error(CommandNames.UNAVAILABLE, away.getMessage()))
                                : judged.failed()
                                        ? Future.failedFuture(judged.cause())
                                        : accept(command, user, request, retryOf, key));
    }

    /** What was found valid. */
    private Future<JsonObject> accept(Command command, String user, JsonObject request, UUID retryOf, String key) {
        long seed = random.nextLong(GenerationRequest.MAX_SEED + 1);
        GenerationRequest resolved = GenerationRequest.of(request, settings, model, seed);
        Submission submission = new Submission(
                ids.generate(),
                user,
                resolved,
                retryOf,
                key == null
                        ? null
                        : retryOf == null
                                ? IdempotencyKey.ofCreate(key, request, resolved)
                                : IdempotencyKey.ofRetry(key, retryOf),
                request.getString(GenerationRequest.WEBHOOK_URL));
        if (shared.backlog().reaches(settings.maxWaiting())) {
            return unlessReplayed(submission, () -> overloaded("too many generations wait already", FULL, command));
        }
        return timeUntilStart(user)
                .compose(wait -> wait.compareTo(settings.deadline()) > 0
                        ? unlessReplayed(
                                submission,
                                () -> overloaded(
                                        "the generation would not be begun before its deadline",
                                        wait.minus(settings.deadline()),
                                        command))
                        : submit(submission, command.requestId()));
    }

    /**
     * How long one more generation of a user would have to wait, or less. What is fair decides: the backlog of others does
     * not stand before a user who has little waiting. Asks the database only when the whole queue would take too long.
     */
    private Future<Duration> timeUntilStart(String user) {
        Backlog backlog = shared.backlog();
        if (!backlog.takesLongerThan(settings.deadline())) {
            return Future.succeededFuture(Duration.ZERO);
        }
        // Counted further than what decides, so that Retry-After can tell a long wait from a longer one.
        return submissions
                .ahead(user, 2 * backlog.placesWithin(settings.deadline()) + 1)
                .map(ahead -> backlog.untilStart(ahead).orElse(Duration.ZERO));
    }

    private static JsonObject overloaded(String why, Duration after, Command command) {
        return refused(GenerationBus.OVERLOADED, why, after, command.requestId());
    }

    private static JsonObject refused(String code, String why, Duration after, String requestId) {
        long seconds = Math.max(1, Math.min(60, after.toSeconds() + 1));
        LOG.atWarn()
                .addKeyValue("request", requestId)
                .addKeyValue("reason", why)
                .addKeyValue("retryAfterSeconds", seconds)
                .log("generation refused");
        JsonObject reply = Reply.error(code, why);
        reply.getJsonObject("error").put("retryAfterSeconds", seconds);
        return reply;
    }

    private interface Refusal {
        JsonObject reply();
    }

    /** What was accepted before is not refused when it is only asked for again. */
    private Future<JsonObject> unlessReplayed(Submission submission, Refusal refusal) {
        if (submission.key() == null) {
            return Future.succeededFuture(refusal.reply());
        }
        return submissions
                .used(submission.userId(), submission.key().key())
                .compose(used ->
                        used.isEmpty() ? Future.succeededFuture(refusal.reply()) : replay(submission, used.get()));
    }

    private Future<JsonObject> submit(Submission submission, String requestId) {
        return submissions.submit(submission).compose(stored -> {
            if (stored.isPresent()) {
                accepted(submission, requestId);
                return Future.succeededFuture(GenerationJson.reply(withPlace.apply(stored.get())));
            }
            if (submission.key() == null) {
                return refused(submission, requestId);
            }
            return submissions
                    .used(submission.userId(), submission.key().key())
                    .compose(used -> used.isEmpty() ? refused(submission, requestId) : replay(submission, used.get()));
        });
    }

    /** It was one too many when it came. Whether it still would be does not matter, but for which limit it was. */
    private Future<JsonObject> refused(Submission submission, String requestId) {
        return submissions
                .reached(submission.userId())
                .map(reached -> reached.today() && !reached.pending()
                        ? refused(
                                GenerationBus.LIMITED,
                                "you have asked for " + settings.maxPerDayPerUser()
                                        + " generations in 24 hours, as many as are allowed",
                                A_MINUTE,
                                requestId)
                        : refused(
                                GenerationBus.LIMITED,
                                "you have " + settings.maxPendingPerUser()
                                        + " generations that have not ended, as many as are allowed at once",
                                A_MOMENT,
                                requestId));
    }

    private void accepted(Submission submission, String requestId) {
        var line = LOG.atInfo().addKeyValue("generation", submission.id()).addKeyValue("request", requestId);
        if (submission.retryOf() != null) {
            line = line.addKeyValue("retryOf", submission.retryOf());
        }
        line.log("generation accepted");
        shared.backlog().accepted();
        vertx.eventBus().publish(GenerationBus.WAKE, null, new DeliveryOptions().setLocalOnly(true));
        shared.hints().send(GenerationBus.WORK_HINT);
    }

    private Future<JsonObject> replay(Submission submission, Used used) {
        if (!submission.key().matches(used.fingerprint())) {
            return Future.succeededFuture(
                    Reply.error(GenerationBus.KEY_REUSED, "the idempotency key was used with another request"));
        }
        return store.find(used.generationId(), submission.userId()).map(this::replayed);
    }

    private JsonObject replayed(Optional<JsonObject> found) {
        return found.map(generation ->
                        GenerationJson.reply(withPlace.apply(generation)).put("replayed", true))
                .orElseGet(() ->
                        Reply.conflict("the generation that was made with this Idempotency-Key has been deleted"));
    }
}
