package dev.darkroom.generation.route;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the limits of the models of a catalog from their AI servers: again {@link #REFRESH} after a success, and at each run after a
 * failure. Thread-safe.
 */
public final class LimitsReader {
    private static final Logger LOG = LoggerFactory.getLogger(LimitsReader.class);
    private static final Duration REFRESH = Duration.ofMinutes(10);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Time between two runs. */
    public static final Duration INTERVAL = Duration.ofMinutes(1);

    private final ModelCatalog catalog;
    private final LongSupplier nanoTime;
    /** Times of the successful reads. */
    private final Map<Source, Long> readAt = new ConcurrentHashMap<>();
    /** Reads in progress. */
    private final Set<Source> reading = ConcurrentHashMap.newKeySet();

    /** @param model null for the default of the AI server */
    private record Source(String backend, String model) {}

    /** @param nanoTime clock in nanoseconds, see {@link System#nanoTime()} */
    public LimitsReader(ModelCatalog catalog, LongSupplier nanoTime) {
        this.catalog = catalog;
        this.nanoTime = nanoTime;
    }

    /** Starts the due reads, without waiting for them: a stop must not wait for an AI server. */
    public void readDue() {
        for (ModelSettings model : catalog.models()) {
            for (Target target : model.targets()) {
                read(new Source(target.backend(), target.model()));
            }
        }
    }

    /** Reads the limits of a backend again at once, since it may have changed. */
    public void refresh(String backend) {
        readAt.keySet().removeIf(source -> source.backend().equals(backend));
        readDue();
    }

    private void read(Source source) {
        BackendCapabilities backend = catalog.backend(source.backend());
        Long last = readAt.get(source);
        boolean due = last == null || nanoTime.getAsLong() - last >= REFRESH.toNanos();
        if (!due || !backend.settings().readLimits() || !reading.add(source)) {
            return;
        }
        backend.readLimits(source.model(), TIMEOUT).onComplete(done -> {
            reading.remove(source);
            if (done.succeeded()) {
                readAt.put(source, nanoTime.getAsLong());
            } else {
                LOG.atDebug()
                        .addKeyValue("backend", source.backend())
                        .addKeyValue("reason", done.cause().getMessage())
                        .log("limits not read");
            }
        });
    }
}
