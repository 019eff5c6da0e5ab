package dev.darkroom.generation;

import dev.darkroom.eventbus.Command;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.generation.GenerationResult.AttachedRetry;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationResult.DeletedGeneration;
import dev.darkroom.generation.GenerationResult.EndedWaitingRequest;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.waiting.WaitingRequest;
import java.time.Duration;
import java.util.UUID;

/**
 * Command on {@link GenerationBus#TYPED_COMMANDS}.
 *
 * @param <R> type of the result
 */
public sealed interface GenerationCommand<R extends GenerationResult> extends Command<R> {

    /** Returns null when a signed URL authorizes the command instead of a user. */
    Requester requester();

    /** Returns the id of the generation or image; null when the command names none. */
    default UUID id() {
        return null;
    }

    /**
     * Creates a generation.
     *
     * @param idempotencyKey null without a key
     * @param waitingRequest request whose retries attach to the generation; null when there is none. With a key, its digest decides
     *     whether a repeated request is equal, and retries do not attach, because they repeat the key
     */
    record CreateGeneration(
            Requester requester, GenerationSpec spec, String idempotencyKey, WaitingRequest waitingRequest)
            implements GenerationCommand<CreatedGeneration> {
        /** Creates a command of a request that does not wait. */
        public CreateGeneration(Requester requester, GenerationSpec spec, String idempotencyKey) {
            this(requester, spec, idempotencyKey, null);
        }
    }

    /**
     * Attaches a retry to the generation of the request that it repeats, if the connection of that request broke. May take a few seconds,
     * see {@code WaitingRequestSql}.
     */
    record AttachRetry(Requester requester, WaitingRequest retry) implements GenerationCommand<AttachedRetry> {}

    /**
     * Stores how a {@link WaitingRequest} ended.
     *
     * @param answered whether the whole response was sent; otherwise a retry may attach to the generation
     */
    record EndWaitingRequest(Requester requester, UUID connectionId, boolean answered)
            implements GenerationCommand<EndedWaitingRequest> {}

    /** Creates a generation with the request of a FAILED one. It belongs to the owner of that one, also when an admin retries it. */
    record RetryGeneration(Requester requester, UUID id, String idempotencyKey)
            implements GenerationCommand<CreatedGeneration> {}

    /**
     * Returns a generation.
     *
     * @param waitTime replies when the generation has ended or after this time; zero replies at once
     */
    record GetGeneration(Requester requester, UUID id, Duration waitTime) implements GenerationCommand<Generation> {}

    /**
     * Returns the storage location of an image, not its bytes.
     *
     * @param requester null when the sender has verified a signed URL of the image
     */
    record GetImage(Requester requester, UUID id) implements GenerationCommand<ImageLocation> {}

    /** Lists the generations of the user. */
    record ListGenerations(Requester requester, GenerationListFilter filter)
            implements GenerationCommand<GenerationPage> {}

    /** Cancels a PENDING generation, which is then FAILED. */
    record CancelGeneration(Requester requester, UUID id) implements GenerationCommand<Generation> {}

    /** Deletes an ended generation permanently. */
    record DeleteGeneration(Requester requester, UUID id) implements GenerationCommand<DeletedGeneration> {}

    /** Returns the models. */
    record GetModels(Requester requester) implements GenerationCommand<ModelList> {}

    /** Returns the usage of the user. */
    record GetUsage(Requester requester, UsageFilter filter) implements GenerationCommand<UsageReport> {}

    /**
     * Returns the usage of all users. For admins.
     *
     * @param ofUser the only user of the report; null for all
     */
    record GetAllUsage(Requester requester, UsageFilter filter, String ofUser)
            implements GenerationCommand<UsageReport> {}
}
