package dev.darkroom.generation.command;

import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.JsonCommandDispatcher;
import dev.darkroom.generation.GenerationBus;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles the commands on {@link GenerationBus#COMMANDS}, the only access to generations for HTTP and event-bus clients. Stateless, so
 * that any number of instances may run. Every command gets a reply; a rejection is {@code {"error": …}}.
 */
public final class GenerationCommandVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationCommandVerticle.class);

    private final GenerationCommandDependencies dependencies;
    private final Settings.Generation settings;
    private final String model;
    private final RandomGenerator random;
    private SubmissionService submissionService;
    private GenerationQueries queries;
    private CancellationService cancellationService;

    /**
     * @param model model of all generations, null to leave it to the AI server
     * @param random chooses seeds for requests without one
     */
    public GenerationCommandVerticle(
            GenerationCommandDependencies dependencies,
            Settings.Generation settings,
            String model,
            RandomGenerator random) {
        this.dependencies = dependencies;
        this.settings = settings;
        this.model = model;
        this.random = random;
    }

    @Override
    public Future<?> start() {
        queries = new GenerationQueries(vertx, dependencies, settings.maxWait());
        submissionService = new SubmissionService(dependencies, queries::addQueuePosition, settings, model, random);
        cancellationService = new CancellationService(vertx, dependencies);
        return vertx.eventBus()
                .<JsonObject>consumer(GenerationBus.COMMANDS, new JsonCommandDispatcher(this::handleCommand)::dispatch)
                .completion();
    }

    private Future<JsonObject> handleCommand(BusCommand busCommand) {
        boolean signedLink = busCommand.action().equals(GenerationBus.GET_IMAGE)
                && Boolean.TRUE.equals(busCommand.body().getValue("signedUrl"));
        if (busCommand.user() == null && !signedLink) {
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

    /** Logs an audit line when an admin reads or changes a resource of another user. */
    private static Handler<JsonObject> auditForeignAccess(BusCommand busCommand) {
        return reply -> reply.forEach(part -> {
            if (part.getValue() instanceof JsonObject resource
                    && resource.getString("user") != null
                    && busCommand.user() != null
                    && !resource.getString("user").equals(busCommand.user())) {
                var line = LOG.atInfo()
                        .addKeyValue("generation", resource.getString("generation", String.valueOf(busCommand.id())))
                        .addKeyValue("action", busCommand.action())
                        .addKeyValue("admin", busCommand.user())
                        .addKeyValue("owner", resource.getString("user"))
                        .addKeyValue("requestId", busCommand.requestId());
                if (part.getKey().equals("image")) {
                    line = line.addKeyValue("image", resource.getString("id"));
                }
                line.log("audit: admin accessed another user's resource");
            }
        });
    }
}
