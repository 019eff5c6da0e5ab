package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotification;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.StringJoiner;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies the other processes on this database of changes, with LISTEN and NOTIFY on a separate connection. A notification carries no
 * data beyond its topic and key; receivers read the tables. Notifications may be lost, duplicated or unnecessary, so every receiver also
 * polls.
 *
 * <p>NOTIFY is never sent inside another transaction: it locks a database-wide resource until the commit and would serialize all
 * commits. A process with little work sends each notification at once. After {@link #MAX_BURST} NOTIFY statements in a row, the
 * notifications of {@link #MIN_NOTIFY_INTERVAL} share one statement, and equal ones are combined.
 *
 * <p>A broken connection that only listens may stay undetected for hours. The channel therefore sends a self-test in regular intervals
 * and reconnects when it does not receive it. After each connect it calls every handler, since notifications may have been missed.
 *
 * <p>Thread-safe. Handlers are called on any thread and must switch to their own context.
 */
public final class NotifyChannel {
    private static final Logger LOG = LoggerFactory.getLogger(NotifyChannel.class);
    private static final String CHANNEL = "darkroom_notify";

    /** Average time between two NOTIFY statements under load. Too short for users to notice. */
    private static final Duration MIN_NOTIFY_INTERVAL = Duration.ofMillis(20);

    /** Number of NOTIFY statements without a delay, after a time without any. More than a generation causes. */
    static final int MAX_BURST = 10;

    /** Interval of the self-tests, which is also their timeout. */
    static final Duration SELF_TEST_INTERVAL = Duration.ofSeconds(5);

    private static final Duration INITIAL_RECONNECT_DELAY = Duration.ofMillis(100);
    private static final Duration MAX_RECONNECT_DELAY = Duration.ofSeconds(5);

    private static final String SELF_TEST = "self-test";

    /**
     * Limit in characters after which no further topic is added to a NOTIFY. The last topic may exceed it. PostgreSQL requires payloads
     * shorter than 8,000 bytes.
     */
    private static final int MAX_PAYLOAD_LENGTH = 7_000;

    /** Limit of notifications that wait. Further ones are sent without their keys, so that one per topic suffices. */
    static final int MAX_PENDING = 1_000;

    private final Vertx vertx;
    private final Context context;
    private final Duration selfTestInterval;
    private final NotifyConnector connector;
    private final NotifyHandlers handlers = new NotifyHandlers();
    private final Bucket rateLimit;
    /** Identifies this channel in a payload, so that it ignores its own notifications. */
    private final String sender = UUID.randomUUID().toString();

    private final LongAdder connects = new LongAdder();
    private final LongAdder losses = new LongAdder();
    private final LongAdder sent = new LongAdder();
    private final LongAdder received = new LongAdder();
    private volatile boolean connected;

    // Used on the context only.
    private final Set<String> pending = new LinkedHashSet<>();
    private PgConnection connection;
    private boolean flushing;
    private boolean selfTestReceived;
    /** Whether the server accepted writes at the last check. */
    private boolean writable;

    private boolean closed;

    private NotifyChannel(
            Vertx vertx, DatabaseUrl url, Settings.Database settings, Duration selfTestInterval, TimeMeter clock) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.selfTestInterval = selfTestInterval;
        this.rateLimit = Bucket.builder()
                .addLimit(limit -> limit.capacity(MAX_BURST).refillGreedy(1, MIN_NOTIFY_INTERVAL))
                .withCustomTimePrecision(clock)
                .build();
        this.connector = new NotifyConnector(vertx, context, url, settings, CHANNEL, selfTestInterval);
    }

    /**
     * Starts to connect, and reconnects whenever the connection is lost. The database may be unavailable. Called on the context on which
     * the channel runs.
     *
     * @param url the server itself, not a pooler: a pooler in transaction mode forwards no notifications
     */
    public static NotifyChannel open(Vertx vertx, DatabaseUrl url, Settings.Database settings) {
        return open(vertx, url, settings, SELF_TEST_INTERVAL, TimeMeter.SYSTEM_NANOTIME);
    }

    /** @param clock clock of the limit of NOTIFY statements */
    static NotifyChannel open(
            Vertx vertx, DatabaseUrl url, Settings.Database settings, Duration selfTestInterval, TimeMeter clock) {
        NotifyChannel notifyChannel = new NotifyChannel(vertx, url, settings, selfTestInterval, clock);
        notifyChannel.context.runOnContext(start -> notifyChannel.connect(INITIAL_RECONNECT_DELAY));
        return notifyChannel;
    }

    /**
     * Sends a notification to the other processes, asynchronously and without delivery guarantee.
     *
     * @param key for example a row id; short, without commas; may be null
     */
    public void send(String topic, String key) {
        context.runOnContext(v -> {
            boolean withoutKey = key == null || pending.size() >= MAX_PENDING;
            pending.add(withoutKey ? topic : topic + NotifyHandlers.KEY_SEPARATOR + key);
            if (!flushing) {
                flushing = true;
                // Later, so that notifications of the same commit share a statement.
                context.runOnContext(later -> flush());
            }
        });
    }

    /** Calls the handlers of this channel, on the thread of the caller. */
    public void callHandlers(String topic, String key) {
        handlers.call(topic, key);
    }

    /**
     * Adds a handler that is called for notifications of other processes, and whenever some may have been missed. Its argument is the
     * key, or null when the notification has none or any may have been missed.
     */
    public void listen(String topic, Consumer<String> handler) {
        handlers.add(topic, handler);
    }

    /**
     * Use of the channel since its start.
     *
     * @param connects number of connections opened
     * @param losses number of connections lost
     * @param sent number of NOTIFY statements, self-tests included
     * @param received number of messages of other channels
     */
    record Statistics(boolean connected, long connects, long losses, long sent, long received) {}

    /** Returns the use of the channel. Callable on any thread. */
    Statistics statistics() {
        return new Statistics(connected, connects.sum(), losses.sum(), sent.sum(), received.sum());
    }

    /** Number of open sockets, including half-closed ones. */
    int openSockets() {
        return connector.openSockets();
    }

    /** Closes the connection. No handler is called after that. */
    public Future<Void> close() {
        Promise<Void> done = Promise.<Void>promise();
        context.runOnContext(v -> {
            closed = true;
            Future<Void> closing = connection == null ? Future.succeededFuture() : connection.close();
            closing.timeout(selfTestInterval.toMillis(), TimeUnit.MILLISECONDS)
                    .onComplete(result -> connector.close().onComplete(done));
        });
        return done.future();
    }

    private void flush() {
        if (pending.isEmpty() || closed) {
            flushing = false;
            return;
        }
        ConsumptionProbe permit = rateLimit.tryConsumeAndReturnRemaining(1);
        if (!permit.isConsumed()) {
            long delay = TimeUnit.NANOSECONDS.toMillis(permit.getNanosToWaitForRefill()) + 1;
            vertx.setTimer(delay, timer -> flush());
            return;
        }
        StringJoiner topics = new StringJoiner(",");
        Iterator<String> notifications = pending.iterator();
        while (notifications.hasNext() && topics.length() < MAX_PAYLOAD_LENGTH) {
            topics.add(notifications.next());
            notifications.remove();
        }
        sendNotify(topics.toString());
        flush();
    }

    /** Sends NOTIFY. Drops the notification when there is no connection. */
    private void sendNotify(String topics) {
        if (connection != null) {
            PgConnection used = connection;
            sent.increment();
            used.preparedQuery("SELECT pg_notify($1, $2), (" + NotifyConnector.SELECT_READ_ONLY + ")")
                    .execute(Tuple.of(CHANNEL, sender + ":" + topics))
                    .timeout(selfTestInterval.toMillis(), TimeUnit.MILLISECONDS)
                    .onSuccess(
                            rows -> checkWritable(used, rows.iterator().next().getBoolean(1)))
                    .onFailure(error -> dropConnection(used, error.getMessage()));
        }
    }

    /** Reconnects when the server became read-only: after a failover, notifications are sent on the new primary. */
    private void checkWritable(PgConnection used, boolean readOnly) {
        if (readOnly && writable) {
            dropConnection(used, "the server is read-only now");
        }
        writable = !readOnly;
    }

    /** @param retryDelay the delay before the next attempt if this one fails */
    private void connect(Duration retryDelay) {
        if (closed) {
            return;
        }
        connector.open(this::onNotification).onSuccess(this::onListening).onFailure(error -> {
            LOG.atDebug().addKeyValue("reason", error.getMessage()).log("NOTIFY connection failed, retry scheduled");
            Duration next = retryDelay.multipliedBy(2).compareTo(MAX_RECONNECT_DELAY) > 0
                    ? MAX_RECONNECT_DELAY
                    : retryDelay.multipliedBy(2);
            vertx.setTimer(retryDelay.toMillis(), timer -> connect(next));
        });
    }

    private void onListening(NotifyConnector.ListeningConnection listening) {
        PgConnection opened = listening.connection();
        if (closed) {
            opened.close();
            return;
        }
        connection = opened;
        connected = true;
        connects.increment();
        writable = listening.writable();
        opened.closeHandler(v -> dropConnection(opened, "the connection was closed"));
        LOG.atDebug().log("NOTIFY connection established");
        // Notifications sent before LISTEN were missed.
        handlers.callAll();
        selfTestReceived = true;
        scheduleSelfTest(opened);
    }

    private void scheduleSelfTest(PgConnection tested) {
        vertx.setTimer(selfTestInterval.toMillis(), timer -> {
            if (connection != tested) {
                return;
            }
            if (!selfTestReceived) {
                dropConnection(tested, "self-test not received");
                return;
            }
            selfTestReceived = false;
            sendNotify(SELF_TEST);
            scheduleSelfTest(tested);
        });
    }

    private void dropConnection(PgConnection lost, String reason) {
        if (connection != lost) {
            return;
        }
        connection = null;
        connected = false;
        if (!closed) {
            losses.increment();
            LOG.atWarn().addKeyValue("reason", reason).log("NOTIFY connection lost, reconnecting");
            connector.abort();
            connect(INITIAL_RECONNECT_DELAY);
        }
    }

    private void onNotification(PgNotification notification) {
        String[] parts = notification.getPayload().split(":", 2);
        if (parts[0].equals(sender)) {
            selfTestReceived = true;
        } else if (parts.length == 2) {
            received.increment();
            for (String topicAndKey : parts[1].split(",", -1)) {
                handlers.call(topicAndKey);
            }
        }
    }
}
