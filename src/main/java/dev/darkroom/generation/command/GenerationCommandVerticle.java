package dev.darkroom.generation.command;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.http.egress.EgressPolicy;
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
public final class GenerationCommandVerticle extends VerticleBase {
    /** The only route there is: any backend of any node may do the work. */
    public static final String DEFAULT_ROUTE = "default";

    private static final Logger LOG = LoggerFactory.getLogger(GenerationCommandVerticle.class);

    private final Dependencies dependencies;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private SubmissionService submissionService;
    private GenerationQueries queries;
    private CancellationService cancellationService;

    /**
     * What the generation verticles of a process share.
     *
     * @param submissions one and the same for all of them
     * @param notifyChannel tells other processes what they may want to look at
     * @param backlogEstimator kept up to date by somebody else
     * @param completionWaiters kept going by somebody else
     * @param finishListeners called inside the transactions that end generations
     * @param egressPolicy judges the URLs that requests name
     */
    public record Dependencies(
            Database database,
            SubmissionStore submissions,
            NotifyChannel notifyChannel,
            ImageStore imageStore,
            BacklogEstimator backlogEstimator,
            CompletionWaiters completionWaiters,
            List<GenerationFinishListener> finishListeners,
            EgressPolicy egressPolicy) {}

    /**
     * @param model the model that generations ask for, null to leave it to the AI server
     * @param random chooses seeds for requests that name none
     */
    public GenerationCommandVerticle(
            Dependencies dependencies, Settings.Generation settings, String model, RandomGenerator random) {
        this.dependencies = dependencies;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    @Override
    public Future<?> start() {
        queries = new GenerationQueries(vertx, dependencies, settings.maxWait());
        submissionService =
                new SubmissionService(vertx, dependencies, queries::addQueuePosition, settings, model, random);
        cancellationService = new CancellationService(vertx, dependencies);
        return vertx.eventBus()
                .<JsonObject>consumer(GenerationBus.COMMANDS, new CommandDispatcher(this::handleCommand)::dispatch)
                .completion();
    }

    private Future<JsonObject> handleCommand(BusCommand busCommand) {
        boolean link = busCommand.action().equals(GenerationBus.GET_IMAGE)
                && Boolean.TRUE.equals(busCommand.body().getValue("link"));
        if (busCommand.user() == null && !link) {
            return CommandReplies.invalidFuture("the body must be an object that names its user");
        }
        return switch (busCommand.action()) {
            case GenerationBus.CREATE -> submissionService.create(busCommand);
            case GenerationBus.LIST -> queries.list(busCommand);
            case GenerationBus.GET -> withId(busCommand, queries::get);
            case GenerationBus.GET_IMAGE -> withId(busCommand, queries::getImage);
            case GenerationBus.CANCEL -> withId(busCommand, cancellationService::cancel);
            case GenerationBus.DELETE -> withId(busCommand, cancellationService::delete);
            case GenerationBus.RETRY -> withId(busCommand, submissionService::retry);
            default ->
                CommandReplies.invalidFuture(
                        "the header action must be create, list, get, getImage, cancel, delete or retry");
        };
    }

    private static Future<JsonObject> withId(
            BusCommand busCommand, BiFunction<BusCommand, UUID, Future<JsonObject>> action) {
        return busCommand.withId(id -> action.apply(busCommand, id).onSuccess(auditForeignAccess(busCommand)));
    }

    /** Leaves a line whenever somebody is shown, or does something with, what is another's. */
    private static Handler<JsonObject> auditForeignAccess(BusCommand busCommand) {
        return reply -> reply.forEach(part -> {
            if (part.getValue() instanceof JsonObject shown
                    && shown.getString("user") != null
                    && busCommand.user() != null
                    && !shown.getString("user").equals(busCommand.user())) {
                var line = LOG.atInfo()
                        .addKeyValue("generation", shown.getString("generation", String.valueOf(busCommand.id())))
                        .addKeyValue("action", busCommand.action())
                        .addKeyValue("admin", busCommand.user())
                        .addKeyValue("owner", shown.getString("user"))
                        .addKeyValue("requestId", busCommand.requestId());
                if (part.getKey().equals("image")) {
                    line = line.addKeyValue("image", shown.getString("id"));
                }
                line.log("audit: an admin was shown what is another's");
            }
        });
    }
}
