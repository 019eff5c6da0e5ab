package dev.darkroom.generation;

import dev.darkroom.command.Command;
import dev.darkroom.command.CommandDesk;
import dev.darkroom.command.Reply;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import java.util.function.BiFunction;
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
                .<JsonObject>consumer(GenerationBus.COMMANDS, new CommandDesk(this::answer)::take)
                .completion();
    }

    private Future<JsonObject> answer(Command command) {
        boolean link = command.action().equals(GenerationBus.GET_IMAGE)
                && Boolean.TRUE.equals(command.body().getValue("link"));
        if (command.user() == null && !link) {
            return Reply.refusal("the body must be an object that names its user");
        }
        return switch (command.action()) {
            case GenerationBus.CREATE -> acceptance.create(command);
            case GenerationBus.LIST -> lookup.list(command);
            case GenerationBus.GET -> withId(command, lookup::get);
            case GenerationBus.GET_IMAGE -> withId(command, lookup::getImage);
            case GenerationBus.CANCEL -> withId(command, withdrawal::cancel);
            case GenerationBus.DELETE -> withId(command, withdrawal::delete);
            case GenerationBus.RETRY -> withId(command, acceptance::retry);
            default -> Reply.refusal("the header action must be create, list, get, getImage, cancel, delete or retry");
        };
    }

    private static Future<JsonObject> withId(Command command, BiFunction<Command, UUID, Future<JsonObject>> action) {
        return command.withId(id -> action.apply(command, id).onSuccess(audit(command)));
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
}
