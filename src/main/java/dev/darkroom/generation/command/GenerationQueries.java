package dev.darkroom.generation.command;

import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.Generation.QueuePosition;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.GenerationCommand.GetImage;
import dev.darkroom.generation.GenerationCommand.ListGenerations;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.store.GenerationSql;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.watch.CompletionWaiters;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Commands that read generations and images. */
final class GenerationQueries {
    private final Vertx vertx;
    private final GenerationStore store;
    private final BacklogEstimator backlogEstimator;
    private final CompletionWaiters completionWaiters;
    private final Duration maxWait;

    /** @param maxWait maximum time for which a command may wait for the end of a generation */
    GenerationQueries(Vertx vertx, GenerationCommandDependencies dependencies, Duration maxWait) {
        this.vertx = vertx;
        this.store = new GenerationStore(dependencies.database());
        this.backlogEstimator = dependencies.backlogEstimator();
        this.completionWaiters = dependencies.completionWaiters();
        this.maxWait = maxWait;
    }

    Future<CommandReply<Generation>> get(GetGeneration command) {
        Duration waitTime = command.waitTime().compareTo(maxWait) > 0 ? maxWait : command.waitTime();
        CompletionWaiters.Waiter waiter =
                waitTime.isNegative() || waitTime.isZero() ? null : completionWaiters.register(command.id());
        if (waiter == null) {
            return find(command).map(this::toReply);
        }
        return find(command)
                .compose(found -> found.filter(Generation::isPending).isPresent()
                        ? waiter.await(vertx, waitTime).compose(done -> find(command))
                        : Future.succeededFuture(found))
                .map(this::toReply)
                .onComplete(done -> waiter.close());
    }

    private Future<Optional<Generation>> find(GetGeneration command) {
        return store.find(command.id(), command.requester().ownerFilter());
    }

    private CommandReply<Generation> toReply(Optional<Generation> found) {
        return found.map(generation -> CommandReply.completed(estimateStart(generation)))
                .orElseGet(() -> CommandReply.notFound("generation"));
    }

    Future<CommandReply<ImageLocation>> getImage(GetImage command) {
        return store.findImage(
                        command.id(),
                        command.requester() == null ? null : command.requester().ownerFilter())
                .map(found -> found.map(CommandReply::completed).orElseGet(() -> CommandReply.notFound("image")));
    }

    Future<CommandReply<GenerationPage>> list(ListGenerations command) {
        return store.list(command.requester().user(), command.filter()).map(CommandReply::completed);
    }

    /** Returns a waiting generation with its estimated start, if there is an estimate, and any other generation unchanged. */
    Generation estimateStart(Generation generation) {
        QueuePosition position = generation.queuePosition();
        if (position == null || position.ahead() >= GenerationSql.MAX_COUNTED_AHEAD) {
            return generation;
        }
        return backlogEstimator
                .estimateWait(position.ahead())
                .map(wait -> {
                    Instant estimate = position.measuredAt().plus(wait);
                    return generation.withEstimatedStart(
                            position.dueAt().isAfter(estimate) ? position.dueAt() : estimate);
                })
                .orElse(generation);
    }
}
