package dev.darkroom.api.generation;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.auth.Role;
import dev.darkroom.eventbus.InvalidCommandException;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationBus;
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
import dev.darkroom.generation.GenerationListFilter;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationResult.DeletedGeneration;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.UsageFilter;
import dev.darkroom.generation.UsageReport;
import dev.darkroom.generation.json.GenerationSpecParser;
import dev.darkroom.generation.waiting.WaitingRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Sends commands to the generation verticles of this process. Rejections and reply timeouts fail the returned future with a {@code
 * Problem}.
 */
public final class GenerationClient {
    private final CommandClient bus;

    public GenerationClient(Vertx vertx, Duration timeout) {
        this.bus = new CommandClient(vertx, GenerationBus.TYPED_COMMANDS, timeout);
    }

    /** Creates a generation from the request body. */
    Future<CreatedGeneration> create(OperationContext operationContext) {
        return parse(() -> GenerationSpecParser.parse(operationContext.body()))
                .compose(spec -> create(operationContext, spec, null));
    }

    /**
     * Creates a generation.
     *
     * @param waitingRequest request whose retries attach to the generation; null when there is none
     */
    public Future<CreatedGeneration> create(
            OperationContext operationContext, GenerationSpec spec, WaitingRequest waitingRequest) {
        return bus.send(
                new CreateGeneration(
                        requester(operationContext), spec, idempotencyKey(operationContext), waitingRequest),
                operationContext);
    }

    /**
     * Attaches a retry to the generation of the request that it repeats. Completes with null when the retry should create a generation.
     *
     * @param maxSearchTime time that the search may take
     */
    public Future<CreatedGeneration> attach(
            OperationContext operationContext, WaitingRequest retry, Duration maxSearchTime) {
        return bus.send(new AttachRetry(requester(operationContext), retry), operationContext, maxSearchTime)
                .map(attachment ->
                        attachment.generation() == null ? null : new CreatedGeneration(attachment.generation(), true));
    }

    /**
     * Stores how a {@link WaitingRequest} ended.
     *
     * @param answered whether the whole response was sent; otherwise a retry may attach to the generation
     */
    public Future<?> endWaiting(OperationContext operationContext, UUID connectionId, boolean answered) {
        return bus.send(new EndWaitingRequest(requester(operationContext), connectionId, answered), operationContext);
    }

    /** Creates a generation with the parameters of a failed generation of the user. */
    Future<CreatedGeneration> retry(OperationContext operationContext, UUID id) {
        return bus.send(
                new RetryGeneration(requester(operationContext), id, idempotencyKey(operationContext)),
                operationContext);
    }

    /**
     * Returns a generation of the user. An admin may read the generations of all users.
     *
     * @param wait returns as soon as it has finished, at the latest after this time; zero to return at once
     */
    public Future<Generation> get(OperationContext operationContext, UUID id, Duration wait) {
        return bus.send(new GetGeneration(requester(operationContext), id, wait), operationContext, wait);
    }

    /** Cancels a pending generation and returns it. */
    public Future<Generation> cancel(OperationContext operationContext, UUID id) {
        return bus.send(new CancelGeneration(requester(operationContext), id), operationContext);
    }

    /** Deletes a finished generation. */
    Future<DeletedGeneration> delete(OperationContext operationContext, UUID id) {
        return bus.send(new DeleteGeneration(requester(operationContext), id), operationContext);
    }

    /** Returns a page of the generations of the user. */
    Future<GenerationPage> list(OperationContext operationContext) {
        return parse(() -> GenerationListFilter.parse(operationContext.parameters()))
                .compose(
                        filter -> bus.send(new ListGenerations(requester(operationContext), filter), operationContext));
    }

    /** Returns the usage of the user. */
    Future<UsageReport> getUsage(OperationContext operationContext) {
        return parse(() -> UsageFilter.parse(operationContext.parameters()))
                .compose(filter -> bus.send(new GetUsage(requester(operationContext), filter), operationContext));
    }

    /** Returns the usage of all users, or of the one of the parameter {@code user}. The caller has checked the role. */
    Future<UsageReport> getAllUsage(OperationContext operationContext) {
        return parse(() -> UsageFilter.parse(operationContext.parameters()))
                .compose(filter -> bus.send(
                        new GetAllUsage(requester(operationContext), filter, operationContext.parameter("user")),
                        operationContext));
    }

    /** Returns the models. */
    public Future<ModelList> getModels(OperationContext operationContext) {
        return bus.send(new GetModels(requester(operationContext)), operationContext);
    }

    /**
     * Returns an image and its storage location. A request without a principal carries a valid signed URL; otherwise the principal must
     * be allowed to read the generation.
     */
    Future<ImageLocation> getImage(OperationContext operationContext, UUID id) {
        return bus.send(
                new GetImage(operationContext.principal() == null ? null : requester(operationContext), id),
                operationContext);
    }

    private static <T> Future<T> parse(Supplier<T> parser) {
        try {
            return Future.succeededFuture(parser.get());
        } catch (InvalidCommandException e) {
            return Future.failedFuture(CommandClient.toProblem(e));
        }
    }

    private static String idempotencyKey(OperationContext operationContext) {
        String header = operationContext.parameter(IdempotencyKeyHeader.NAME);
        return header == null ? null : IdempotencyKeyHeader.parse(header);
    }

    private static Requester requester(OperationContext operationContext) {
        return new Requester(
                operationContext.user(), operationContext.principal().role() == Role.ADMIN);
    }
}
