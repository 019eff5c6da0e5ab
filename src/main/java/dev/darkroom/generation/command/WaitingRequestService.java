package dev.darkroom.generation.command;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationCommand.AttachRetry;
import dev.darkroom.generation.GenerationCommand.EndWaitingRequest;
import dev.darkroom.generation.GenerationResult.AttachedRetry;
import dev.darkroom.generation.GenerationResult.EndedWaitingRequest;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.generation.waiting.WaitingRequestStore;
import dev.darkroom.generation.waiting.WaitingRequestStore.Attachment;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commands of requests that wait for a generation: attaches a retry to the generation of the request that it repeats, and stores how a
 * request ended. Confined to the event loop of one verticle.
 */
final class WaitingRequestService {
    private static final Logger LOG = LoggerFactory.getLogger(WaitingRequestService.class);

    /** Time after which a waiting retry searches again without a signal. Signals may be lost, and the expiry of a node causes none. */
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

    private final Vertx vertx;
    private final NotifyChannel notifyChannel;
    private final WaitingRequestStore store;
    private final GenerationQueries queries;
    private final Map<String, Set<Promise<Void>>> waitingRetries = new HashMap<>();

    WaitingRequestService(Vertx vertx, GenerationCommandDependencies dependencies, GenerationQueries queries) {
        this.vertx = vertx;
        this.notifyChannel = dependencies.notifyChannel();
        this.store = new WaitingRequestStore(dependencies.database(), dependencies.nodeSettings());
        this.queries = queries;
    }

    /** Subscribes to disconnections, on the context of the caller. */
    void start() {
        GenerationSignals.DISCONNECTED.subscribe(vertx, notifyChannel, this::onDisconnected);
    }

    /** @param key prefix of the caller digest; null when any request may be disconnected */
    private void onDisconnected(String key) {
        List<Promise<Void>> notified = key == null
                ? waitingRetries.values().stream().flatMap(Set::stream).toList()
                : List.copyOf(waitingRetries.getOrDefault(key, Set.of()));
        notified.forEach(Promise::tryComplete);
    }

    /** Completes without a generation when the retry should create a new one. */
    Future<CommandReply<AttachedRetry>> attach(CommandContext<AttachRetry> context) {
        String user = context.command().requester().user();
        WaitingRequest retry = context.command().retry();
        return search(user, retry, null)
                .compose(found -> found == null
                        ? Future.succeededFuture(Optional.<Generation>empty())
                        : queries.find(found, user))
                .map(found -> {
                    found.ifPresent(generation -> LOG.atInfo()
                            .addKeyValue("generation", generation.id())
                            .addKeyValue("retryCount", retry.retryCount())
                            .addKeyValue("requestId", context.requestId())
                            .log("retry attached"));
                    return CommandReply.completed(new AttachedRetry(user, found.orElse(null)));
                });
    }

    /** Returns the generation to which the retry is attached, or null. */
    private Future<UUID> search(String user, WaitingRequest retry, OffsetDateTime arrivedAt) {
        String key = signalKey(retry.callerDigest(user));
        Promise<Void> changed = Promise.promise();
        // Before the statement, so that no signal is missed in between.
        waitingRetries.computeIfAbsent(key, added -> new HashSet<>()).add(changed);
        return store.attach(user, retry, arrivedAt)
                .compose(attachment -> attachment.generationId() != null || !attachment.undecided()
                        ? Future.succeededFuture(attachment)
                        : awaitChange(changed).map(attachment))
                .onComplete(done -> waitingRetries.computeIfPresent(key, (same, all) -> {
                    all.remove(changed);
                    return all.isEmpty() ? null : all;
                }))
                .compose(attachment -> searchAgain(attachment)
                        ? search(user, retry, attachment.arrivedAt())
                        : Future.succeededFuture(attachment.generationId()));
    }

    private static boolean searchAgain(Attachment attachment) {
        return attachment.generationId() == null && attachment.undecided();
    }

    private Future<Void> awaitChange(Promise<Void> changed) {
        long timer = vertx.setTimer(POLL_INTERVAL.toMillis(), elapsed -> changed.tryComplete());
        return changed.future().onComplete(done -> vertx.cancelTimer(timer));
    }

    Future<CommandReply<EndedWaitingRequest>> end(CommandContext<EndWaitingRequest> context) {
        EndWaitingRequest command = context.command();
        Future<?> ended = command.answered()
                ? store.deleteAnswered(command.connectionId())
                : store.markDisconnected(command.connectionId())
                        .onSuccess(found -> found.ifPresent(disconnected -> {
                            LOG.atInfo()
                                    .addKeyValue("generation", disconnected.generationId())
                                    .addKeyValue("requestId", context.requestId())
                                    .log("request disconnected, generation continues");
                            GenerationSignals.DISCONNECTED.publish(
                                    notifyChannel, signalKey(disconnected.callerDigest()));
                        }));
        return ended.map(done -> CommandReply.completed(
                new EndedWaitingRequest(command.requester().user())));
    }

    /** Returns a short key. Two callers with the same key cause an unnecessary search. */
    private static String signalKey(String callerDigest) {
        return callerDigest.substring(0, 16);
    }
}
