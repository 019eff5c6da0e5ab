package dev.darkroom.generation;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrors;
import dev.darkroom.database.Hints;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers commands on {@link GenerationBus#COMMANDS}: the only way to generations for callers, over HTTP or not. Keeps no
 * state, so that any number of instances may run. Every command gets a reply, a refusal as {@code {"error": …}}.
 */
public final class GenerationVerticle extends VerticleBase {
    /** The only route there is: any backend of any node may do the work. */
    static final String DEFAULT_ROUTE = "default";

    private static final Logger LOG = LoggerFactory.getLogger(GenerationVerticle.class);

    private final GenerationStore store;
    private final Hints hints;
    private final Backlog backlog;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();

    /**
     * @param hints tells other processes of new work
     * @param backlog kept up to date by somebody else
     * @param model the model that generations ask for, null to leave it to the AI server
     * @param random chooses seeds for requests that name none
     */
    public GenerationVerticle(
            Database database,
            Hints hints,
            Backlog backlog,
            Settings.Generation settings,
            String model,
            RandomGenerator random) {
        this.store = new GenerationStore(database, DEFAULT_ROUTE, settings.deadline());
        this.hints = hints;
        this.backlog = backlog;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    @Override
    public Future<?> start() {
        return vertx.eventBus()
                .<JsonObject>consumer(GenerationBus.COMMANDS, this::onCommand)
                .completion();
    }

    private void onCommand(Message<JsonObject> message) {
        Future<JsonObject> reply;
        try {
            reply = answer(message);
        } catch (RuntimeException bug) {
            reply = Future.failedFuture(bug);
        }
        reply.otherwise(cause -> failed(cause, message.headers().get(GenerationBus.REQUEST_ID)))
                .onSuccess(message::reply);
    }

    private Future<JsonObject> answer(Message<JsonObject> message) {
        if (!GenerationBus.VERSION.equals(message.headers().get(GenerationBus.VERSION_HEADER))) {
            return invalid("the header version must be " + GenerationBus.VERSION);
        }
        Object body = message.body();
        if (!(body instanceof JsonObject command) || !(command.getValue("user") instanceof String user)) {
            return invalid("the body must be an object that names its user");
        }
        String action = message.headers().get(GenerationBus.ACTION);
        return switch (action == null ? "" : action) {
            case GenerationBus.CREATE -> create(user, command, message.headers().get(GenerationBus.REQUEST_ID));
            case GenerationBus.GET ->
                withId(command, id -> find(id, owner(command, user)).onSuccess(audit(command, id)));
            case GenerationBus.GET_IMAGE ->
                withId(command, id -> findImage(id, owner(command, user)).onSuccess(audit(command, id)));
            default -> invalid("the header action must be create, get or getImage");
        };
    }

    private Future<JsonObject> create(String user, JsonObject command, String requestId) {
        if (!(command.getValue("request") instanceof JsonObject request)) {
            return invalid("request must be an object");
        }
        List<FieldError> errors = GenerationRequest.check(request, settings, model);
        if (!errors.isEmpty()) {
            JsonArray details = new JsonArray();
            errors.forEach(error -> details.add(error.toJson()));
            return Future.succeededFuture(error(GenerationBus.INVALID, "the request is not valid", details));
        }
        return timeUntilStart(user)
                .compose(wait -> wait.compareTo(settings.deadline()) > 0
                        ? overloaded(wait, requestId)
                        : accept(user, request, requestId));
    }

    /**
     * How long one more generation of a user would have to wait, or less. What is fair decides: the backlog of others does
     * not stand before a user who has little waiting. Asks the database only when the whole queue would take too long.
     */
    private Future<Duration> timeUntilStart(String user) {
        if (!backlog.takesLongerThan(settings.deadline())) {
            return Future.succeededFuture(Duration.ZERO);
        }
        // Counted further than what decides, so that Retry-After can tell a long wait from a longer one.
        return store.ahead(user, 2 * backlog.placesWithin(settings.deadline()) + 1)
                .map(ahead -> backlog.untilStart(ahead).orElse(Duration.ZERO));
    }

    private Future<JsonObject> overloaded(Duration wait, String requestId) {
        long seconds = Math.max(1, Math.min(60, wait.minus(settings.deadline()).toSeconds() + 1));
        LOG.atWarn()
                .addKeyValue("request", requestId)
                .addKeyValue("estimatedWaitMs", wait.toMillis())
                .log("generation refused, it would miss its deadline");
        JsonObject reply =
                error(GenerationBus.OVERLOADED, "the generation would not be begun before its deadline", null);
        reply.getJsonObject("error").put("retryAfterSeconds", seconds);
        return Future.succeededFuture(reply);
    }

    private Future<JsonObject> accept(String user, JsonObject request, String requestId) {
        UUID id = ids.generate();
        long seed = random.nextLong(GenerationRequest.MAX_SEED + 1);
        GenerationRequest wanted = GenerationRequest.of(request, settings, model, seed);
        return store.submit(id, user, wanted)
                .onSuccess(generation -> {
                    LOG.atInfo()
                            .addKeyValue("generation", id)
                            .addKeyValue("request", requestId)
                            .log("generation accepted");
                    backlog.accepted();
                    vertx.eventBus().publish(GenerationBus.WAKE, null, new DeliveryOptions().setLocalOnly(true));
                    hints.send(GenerationBus.WORK_HINT);
                })
                .map(generation -> new JsonObject().put("generation", withPlace(generation)));
    }

    /** Whose things a command may touch: its user's, or, null, anybody's. */
    private static String owner(JsonObject command, String user) {
        return Boolean.TRUE.equals(command.getValue(GenerationBus.ANYBODYS)) ? null : user;
    }

    /** Leaves a line whenever somebody is shown what is another's. */
    private static Handler<JsonObject> audit(JsonObject command, UUID id) {
        return reply -> reply.forEach(part -> {
            String owner = part.getValue() instanceof JsonObject shown ? shown.getString("user") : null;
            if (owner != null && !owner.equals(command.getString("user"))) {
                LOG.atInfo()
                        .addKeyValue(part.getKey(), id)
                        .addKeyValue("admin", command.getString("user"))
                        .addKeyValue("owner", owner)
                        .log("audit: an admin was shown what is another's");
            }
        });
    }

    private Future<JsonObject> find(UUID id, String user) {
        return store.find(id, user).map(found -> reply("generation", found.map(this::withPlace)));
    }

    /** Tells where it stands in the queue while it waits there, and when it will be begun where that can be estimated. */
    private JsonObject withPlace(JsonObject generation) {
        if (generation.remove("queue") instanceof JsonObject place) {
            long ahead = place.getLong("ahead");
            generation.put("queuePosition", ahead + 1);
            if (ahead < GenerationSql.MOST_AHEAD) {
                backlog.untilStart(ahead).ifPresent(wait -> {
                    Instant byTheQueue = Instant.parse(place.getString("now")).plus(wait);
                    Instant dueAt = Instant.parse(place.getString("dueAt"));
                    Instant start = dueAt.isAfter(byTheQueue) ? dueAt : byTheQueue;
                    generation.put("estimatedStart", GenerationJson.time(start.atOffset(ZoneOffset.UTC)));
                });
            }
        }
        return generation;
    }

    private Future<JsonObject> findImage(UUID id, String user) {
        return store.findImage(id, user).map(found -> reply("image", found));
    }

    private static JsonObject reply(String name, Optional<JsonObject> found) {
        return found.map(json -> new JsonObject().put(name, json))
                .orElseGet(() -> error(GenerationBus.NOT_FOUND, "there is no such " + name, null));
    }

    private interface ById {
        Future<JsonObject> apply(UUID id);
    }

    private static Future<JsonObject> withId(JsonObject command, ById query) {
        UUID id;
        try {
            id = UUID.fromString(String.valueOf(command.getValue("id")));
        } catch (IllegalArgumentException e) {
            return invalid("id must be a UUID");
        }
        return query.apply(id);
    }

    private JsonObject failed(Throwable cause, String requestId) {
        if (DatabaseErrors.unavailable(cause)) {
            LOG.atWarn()
                    .addKeyValue("request", requestId)
                    .addKeyValue("reason", cause.getMessage())
                    .log("command refused, the database is away");
            return error(GenerationBus.UNAVAILABLE, "the database is away", null);
        }
        LOG.atError().addKeyValue("request", requestId).setCause(cause).log("command failed");
        return error(GenerationBus.INTERNAL, "something went wrong", null);
    }

    private static Future<JsonObject> invalid(String message) {
        return Future.succeededFuture(error(GenerationBus.INVALID, message, null));
    }

    private static JsonObject error(String code, String message, JsonArray errors) {
        JsonObject error = new JsonObject().put("code", code).put("message", message);
        if (errors != null) {
            error.put("errors", errors);
        }
        return new JsonObject().put("error", error);
    }
}
