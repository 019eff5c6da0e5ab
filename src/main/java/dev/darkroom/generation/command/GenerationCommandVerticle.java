package dev.darkroom.generation.command;

import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationCommand.AttachRetry;
import dev.darkroom.generation.GenerationCommand.CancelGeneration;
import dev.darkroom.generation.GenerationCommand.CreateGeneration;
import dev.darkroom.generation.GenerationCommand.DeleteGeneration;
import dev.darkroom.generation.GenerationCommand.EndWaitingRequest;
import dev.darkroom.generation.GenerationCommand.GetAllUsage;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.GenerationCommand.GetImage;
import dev.darkroom.generation.GenerationCommand.GetModels;
import dev.darkroom.generation.GenerationCommand.GetUsage;
import dev.darkroom.generation.GenerationCommand.ListGenerations;
import dev.darkroom.generation.GenerationCommand.RetryGeneration;
import dev.darkroom.generation.GenerationResult;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.json.GenerationCommandJson;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.usage.UsageStore;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles the commands on {@link GenerationBus#TYPED_COMMANDS} and, in JSON, on {@link GenerationBus#COMMANDS}: the only access to
 * generations for HTTP and event-bus clients. Stateless, so that any number of instances may run. Every command gets a reply.
 */
public final class GenerationCommandVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationCommandVerticle.class);

    private final GenerationCommandDependencies dependencies;
    private final Settings.Generation settings;
    private final ModelCatalog catalog;
    private final RandomGenerator random;
    private final CommandDispatcher dispatcher = new CommandDispatcher(GenerationCommand.class);
    private GenerationCommandJson commandJson;

    /**
     * @param random chooses seeds for requests without one
     */
    public GenerationCommandVerticle(
            GenerationCommandDependencies dependencies,
            Settings.Generation settings,
            ModelCatalog catalog,
            RandomGenerator random) {
        this.dependencies = dependencies;
        this.settings = settings;
        this.catalog = catalog;
        this.random = random;
    }

    @Override
    public Future<?> start() {
        commandJson = new GenerationCommandJson(catalog);
        GenerationQueries queries = new GenerationQueries(vertx, dependencies, settings.maxWait());
        SubmissionService submissionService = new SubmissionService(dependencies, queries, settings, catalog, random);
        WaitingRequestService waitingRequests = new WaitingRequestService(vertx, dependencies, queries);
        waitingRequests.start();
        CancellationService cancellationService = new CancellationService(vertx, dependencies);
        handle(CreateGeneration.class, GenerationBus.CREATE, submissionService::create);
        handle(RetryGeneration.class, GenerationBus.RETRY, submissionService::retry);
        handle(GetGeneration.class, GenerationBus.GET, context -> queries.get(context.command()));
        handle(GetImage.class, GenerationBus.GET_IMAGE, context -> queries.getImage(context.command()));
        handle(ListGenerations.class, GenerationBus.LIST, context -> queries.list(context.command()));
        handle(CancelGeneration.class, GenerationBus.CANCEL, context -> cancellationService.cancel(context.command()));
        handle(DeleteGeneration.class, GenerationBus.DELETE, cancellationService::delete);
        UsageQueries usageQueries = new UsageQueries(
                new UsageStore(dependencies.database()),
                dependencies.budgetLimits().currency());
        handle(GetUsage.class, GenerationBus.GET_USAGE, context -> usageQueries.get(context.command()));
        handle(GetAllUsage.class, GenerationBus.GET_ALL_USAGE, context -> usageQueries.getAll(context.command()));
        handle(GetModels.class, GenerationBus.GET_MODELS, this::getModels);
        dispatcher.on(AttachRetry.class, waitingRequests::attach);
        dispatcher.on(EndWaitingRequest.class, waitingRequests::end);
        return Future.all(
                dispatcher.register(vertx, GenerationBus.TYPED_COMMANDS),
                vertx.eventBus()
                        .<Object>consumer(GenerationBus.COMMANDS, this::handleJson)
                        .completion());
    }

    /** @param action name of the command in the audit log */
    private <R extends GenerationResult, C extends GenerationCommand<R>> void handle(
            Class<C> type, String action, Function<CommandContext<C>, Future<CommandReply<R>>> handler) {
        dispatcher.on(
                type, context -> handler.apply(context).onSuccess(reply -> auditForeignAccess(action, context, reply)));
    }

    private Future<CommandReply<ModelList>> getModels(CommandContext<GetModels> context) {
        return CommandReply.completed(new ModelList(
                        context.command().requester().user(),
                        catalog.models().stream().map(this::toModelLimits).toList()))
                .toFuture();
    }

    private ModelLimits toModelLimits(ModelSettings model) {
        return new ModelLimits(
                model.name(),
                catalog.isDefault(model),
                catalog.limitsOf(model),
                catalog.imageFormatsOf(model),
                catalog.parametersSchema(model).orElse(null));
    }

    private void handleJson(Message<Object> message) {
        dispatcher
                .dispatch(() -> commandJson.parse(message.headers(), message.body()), message.headers())
                .onSuccess(reply -> message.reply(GenerationCommandJson.format(reply)));
    }

    /** Logs an audit line when an admin reads or changes a resource of another user. */
    private static void auditForeignAccess(
            String action,
            CommandContext<? extends GenerationCommand<?>> context,
            CommandReply<? extends GenerationResult> reply) {
        GenerationCommand<?> command = context.command();
        if (!(reply instanceof CommandReply.Completed<? extends GenerationResult> completed)
                || command.requester() == null
                || completed.result().userId().equals(command.requester().user())) {
            return;
        }
        ImageLocation image = completed.result() instanceof ImageLocation location ? location : null;
        var line = LOG.atInfo()
                .addKeyValue("generation", image == null ? command.id() : image.generationId())
                .addKeyValue("action", action)
                .addKeyValue("admin", command.requester().user())
                .addKeyValue("owner", completed.result().userId())
                .addKeyValue("requestId", context.requestId());
        if (image != null) {
            line = line.addKeyValue("image", image.image().id());
        }
        line.log("audit: admin accessed another user's resource");
    }
}
