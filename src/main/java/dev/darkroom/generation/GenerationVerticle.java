package dev.darkroom.generation;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrors;
import dev.darkroom.database.Hints;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.util.List;
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
    public static final String DEFAULT_ROUTE = "default";

    private static final Logger LOG = LoggerFactory.getLogger(GenerationVerticle.class);

    private final Shared shared;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private Acceptance acceptance;
    private Lookup lookup;
    private Withdrawal withdrawal;

    /**
     * What the generation verticles of a process share.
     *
     * @param submissions one and the same for all of them
     * @param hints tells other processes what they may want to look at
     * @param backlog kept up to date by somebody else
     * @param endWatch kept going by somebody else
     * @param endListeners called inside the transactions that end generations
     */
    public record Shared(
            Database database,
            SubmissionStore submissions,
            Hints hints,
            ImageStore images,
            Backlog backlog,
            EndWatch endWatch,
            List<GenerationEndListener> endListeners) {}

    /**
     * @param model the model that generations ask for, null to leave it to the AI server
     * @param random chooses seeds for requests that name none
     */
    public GenerationVerticle(Shared shared, Settings.Generation settings, String model, RandomGenerator random) {
        this.shared = shared;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    @Override
    public Future<?> start() {
        lookup = new Lookup(vertx, shared, settings.maxWait());
        acceptance = new Acceptance(vertx, shared, lookup::withPlace, settings, model, random);
        withdrawal = new Withdrawal(vertx, shared);
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
        String given = message.headers().get(GenerationBus.ACTION);
        String action = given == null ? "" : given;
        Object body = message.body();
        if (!(body instanceof JsonObject fields)) {
            return invalid("the body must be an object that names its user");
        }
        String user = fields.getValue("user") instanceof String name ? name : null;
        boolean link = action.equals(GenerationBus.GET_IMAGE) && Boolean.TRUE.equals(fields.getValue("link"));
        if (user == null && !link) {
            return invalid("the body must be an object that names its user");
        }
        Command command = Command.of(action, message, user);
        return switch (action) {
            case GenerationBus.CREATE -> acceptance.create(command);
            case GenerationBus.LIST -> lookup.list(command);
            case GenerationBus.GET -> withId(command, lookup::get);
            case GenerationBus.GET_IMAGE -> withId(command, lookup::getImage);
            case GenerationBus.CANCEL -> withId(command, withdrawal::cancel);
            case GenerationBus.DELETE -> withId(command, withdrawal::delete);
            case GenerationBus.RETRY -> withId(command, acceptance::retry);
            default -> invalid("the header action must be create, list, get, getImage, cancel, delete or retry");
        };
    }

    private interface ById {
        Future<JsonObject> answer(Command command, UUID id);
    }

    private static Future<JsonObject> withId(Command command, ById action) {
        UUID id = command.id();
        return id == null
                ? invalid("id must be a UUID")
                : action.answer(command, id).onSuccess(audit(command));
    }

    /** Leaves a line whenever somebody is shown, or does something with, what is another's. */
    private static Handler<JsonObject> audit(Command command) {
        return reply -> reply.forEach(part -> {
            if (part.getValue() instanceof JsonObject shown
                    && shown.getString("user") != null
                    && command.user() != null
                    && !shown.getString("user").equals(command.user())) {
                var line = LOG.atInfo()
                        .addKeyValue("generation", shown.getString("generation", String.valueOf(command.id())))
                        .addKeyValue("action", command.action())
                        .addKeyValue("admin", command.user())
                        .addKeyValue("owner", shown.getString("user"))
                        .addKeyValue("request", command.requestId());
                if (part.getKey().equals("image")) {
                    line = line.addKeyValue("image", shown.getString("id"));
                }
                line.log("audit: an admin was shown what is another's");
            }
        });
    }

    private JsonObject failed(Throwable cause, String requestId) {
        if (DatabaseErrors.unavailable(cause)) {
            LOG.atWarn()
                    .addKeyValue("request", requestId)
                    .addKeyValue("reason", cause.getMessage())
                    .log("command refused, the database is away");
            return Reply.error(GenerationBus.UNAVAILABLE, "the database is away");
        }
        LOG.atError().addKeyValue("request", requestId).setCause(cause).log("command failed");
        return Reply.error(GenerationBus.INTERNAL, "something went wrong");
    }

    private static Future<JsonObject> invalid(String message) {
        return Future.succeededFuture(Reply.invalid(message));
    }
}
