package dev.darkroom.housekeeping;

import dev.darkroom.command.Timestamp;
import dev.darkroom.database.Database;
import dev.darkroom.housekeeping.HorizonStore.Pin;
import dev.darkroom.housekeeping.HorizonStore.Seen;
import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Says when something keeps dead rows of the database alive for too long, in the log and to whoever asks: vacuum cannot clear
 * them away, and claims get slower with each. One statement every ten seconds. One instance per process.
 */
public final class HorizonVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(HorizonVerticle.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final int SHOWN = 10;

    private final HorizonStore store;
    private final Duration limit;
    private final Map<String, Long> firstSeen = new HashMap<>();
    private boolean alarm;
    private Recurring looking;
    private volatile JsonObject seen = new JsonObject().put("alarm", false).put("pins", new JsonArray());

    /** @param limit how old something may be before the alarm begins */
    public HorizonVerticle(Database database, Duration limit) {
        this.store = new HorizonStore(database);
        this.limit = limit;
    }

    /** What was last seen, in the contract's form. From any thread. */
    public JsonObject seen() {
        return seen;
    }

    @Override
    public Future<?> start() {
        long interval = Math.max(1, Math.min(INTERVAL.toMillis(), limit.toMillis() / 2));
        // That the database is away is said by others, and what was last seen says when that was.
        looking = new Recurring(
                vertx, Duration.ofMillis(interval), () -> store.look().onSuccess(this::judge));
        looking.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return looking.stop();
    }

    /** Called by the test as well, which cannot make sessions of another user everywhere. */
    void judge(Seen now) {
        long nanos = System.nanoTime();
        firstSeen.keySet().retainAll(now.pins().stream().map(Pin::mark).toList());
        now.pins().forEach(pin -> firstSeen.putIfAbsent(pin.mark(), nanos));
        List<Pin> old = now.pins().stream()
                .map(pin -> pin.age() != null ? pin : aged(pin, nanos))
                .filter(pin -> pin.age().compareTo(limit) > 0)
                .sorted((one, other) -> other.age().compareTo(one.age()))
                .toList();
        seen = json(now, old);
        if (!old.isEmpty() && !alarm) {
            begins(old, now);
        } else if (old.isEmpty() && alarm) {
            LOG.atWarn().addKeyValue("deadQueueRows", now.deadQueueRows()).log("dead rows can be cleared away again");
        }
        alarm = !old.isEmpty();
    }

    private Pin aged(Pin pin, long nanos) {
        Duration age = Duration.ofNanos(nanos - firstSeen.get(pin.mark()));
        return new Pin(pin.kind(), pin.pid(), pin.name(), pin.state(), age, pin.mark());
    }

    private static void begins(List<Pin> old, Seen now) {
        Pin oldest = old.get(0);
        LoggingEventBuilder line = LOG.atWarn().addKeyValue("kind", oldest.kind());
        if (oldest.pid() != null) {
            line = line.addKeyValue("pid", oldest.pid());
        }
        if (oldest.name() != null) {
            line = line.addKeyValue("name", oldest.name());
        }
        if (oldest.state() != null) {
            line = line.addKeyValue("state", oldest.state());
        }
        line.addKeyValue("ageMs", oldest.age().toMillis())
                .addKeyValue("pins", old.size())
                .addKeyValue("deadQueueRows", now.deadQueueRows())
                .log("an old transaction keeps dead rows alive");
    }

    private static JsonObject json(Seen now, List<Pin> old) {
        JsonArray pins = new JsonArray();
        old.stream().limit(SHOWN).forEach(pin -> {
            JsonObject json = new JsonObject().put("kind", pin.kind());
            if (pin.pid() != null) {
                json.put("pid", pin.pid());
            }
            if (pin.name() != null) {
                json.put("name", pin.name());
            }
            if (pin.state() != null) {
                json.put("state", pin.state());
            }
            pins.add(json.put("ageMs", pin.age().toMillis()));
        });
        return new JsonObject()
                .put("alarm", !old.isEmpty())
                .put("observedAt", Timestamp.text(Instant.now()))
                .put("deadQueueRows", now.deadQueueRows())
                .put("pins", pins);
    }
}
