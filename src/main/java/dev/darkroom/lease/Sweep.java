package dev.darkroom.lease;

import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back again and again what nobody will end. Every process sweeps; the fences let one of them win. For the event loop of the
 * verticle that makes, starts and stops it.
 */
public final class Sweep {
    /** How long after its deadline an attempt of a live node may still be writing its result. */
    public static final Duration DEADLINE_GRACE = Duration.ofSeconds(5);

    /** How many of a kind are taken back in one turn. */
    public static final int BATCH = 200;

    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    private final String noun;
    private final List<Errand<?>> errands;
    private final Recurring sweeping;

    /**
     * One kind of thing that is looked for.
     *
     * @param find what there is, at most {@link #BATCH}
     * @param key of what was found, for the log
     * @param takeBack fenced: somebody else may do it at the same moment
     * @param <T> what is found
     */
    public record Errand<T>(Supplier<Future<List<T>>> find, Function<T, UUID> key, Function<T, Future<?>> takeBack) {}

    /** @param noun what is worked on, for the log */
    public Sweep(Vertx vertx, Duration interval, String noun, List<Errand<?>> errands) {
        this.noun = noun;
        this.errands = List.copyOf(errands);
        this.sweeping = new Recurring(
                vertx,
                interval,
                () -> sweep().onFailure(error -> LOG.atWarn()
                        .addKeyValue("work", noun)
                        .addKeyValue("reason", error.getMessage())
                        .log("sweep failed")));
    }

    /** Begins, with a first turn at once. */
    public void start() {
        sweeping.start();
    }

    /** Completes once the turn under way has ended. */
    public Future<?> stop() {
        return sweeping.stop();
    }

    private Future<?> sweep() {
        Future<?> done = Future.succeededFuture();
        for (Errand<?> errand : errands) {
            done = done.compose(before -> run(errand));
        }
        return done;
    }

    private <T> Future<?> run(Errand<T> errand) {
        return errand.find()
                .get()
                .compose(found -> Future.join(found.stream()
                        .map(each -> logged(
                                errand.key().apply(each), errand.takeBack().apply(each)))
                        .toList()));
    }

    /** One that cannot be taken back, because a listener fails for it, must not keep the others from their turn. */
    private Future<?> logged(UUID key, Future<?> takingBack) {
        return takingBack
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue(noun, key)
                        .addKeyValue("reason", error.getMessage())
                        .log("sweep could not take back"))
                .otherwiseEmpty();
    }
}
