package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import dev.darkroom.config.Settings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotification;
import io.vertx.pgclient.spi.PgDriver;
import io.vertx.sqlclient.Tuple;
import io.vertx.sqlclient.spi.ConnectionFactory;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other processes on this database that there may be something to do, by NOTIFY on a connection of its own. A hint
 * says nothing that the tables do not say: it may get lost, come twice or come for nothing, and whoever listens also looks
 * now and then without one.
 *
 * <p>Never inside a transaction that does work: NOTIFY takes a lock of the whole database until the commit, which would
 * make all commits wait for each other. Hints of the same kind within {@link #MIN_NOTIFY_INTERVAL} become one.
 *
 * <p>A connection that only listens can be dead for hours without a word. So it regularly sends a word to itself, and is
 * given up when that does not come back. After each connecting every listener is called, for what it may have missed.
 *
 * <p>Thread-safe. Handlers are called on a context of their own and hop to where they belong.
 */
public final class NotifyChannel {
    private static final Logger LOG = LoggerFactory.getLogger(NotifyChannel.class);
    private static final String CHANNEL = "darkroom_hints";

    /** At most one NOTIFY in this time, whatever happens. Shorter than anybody notices. */
    private static final Duration MIN_NOTIFY_INTERVAL = Duration.ofMillis(20);

    /** How often the connection has to prove that it lives, and how long the proof may take. */
    static final Duration SELF_TEST_INTERVAL = Duration.ofSeconds(5);

    private static final Duration INITIAL_RECONNECT_DELAY = Duration.ofMillis(100);
    private static final Duration MAX_RECONNECT_DELAY = Duration.ofSeconds(5);
    /** Self-tests without an answer after which a connection is aborted, if it was not given up before. */
    private static final int MAX_MISSED_SELF_TESTS = 3;

    private static final String SELECT_READ_ONLY = "SELECT current_setting('transaction_read_only') = 'on'";

    private static final String SELF_TEST = "self-test";

    /** Between a topic and what it is about. */
    private static final char KEY_SEPARATOR = '/';

    /** Characters of hints in one NOTIFY, whose payload has to be shorter than 8,000 bytes; the last one may go beyond. */
    private static final int MAX_PAYLOAD_LENGTH = 7_000;

    private final Vertx vertx;
    private final Context context;
    private final Duration selfTestInterval;
    private final DatabaseSocketMonitor sockets;
    private final ConnectionFactory<PgConnectOptions> connections;
    private final List<PgConnectOptions> servers;
    private final DatabaseServerSelector selector;
    private final TargetSession target;
    private final Map<String, List<Consumer<String>>> handlers = new LinkedHashMap<>();
    /** Tells our own hints from those of others. */
    private final String sender = UUID.randomUUID().toString();

    // Only on the context.
    private final Set<String> pending = new LinkedHashSet<>();
    private PgConnection connection;
    private boolean flushing;
    private boolean selfTestReceived;
    /** Whether the server accepted writes when it was last asked. */
    private boolean writable;

    private boolean closed;

    private NotifyChannel(Vertx vertx, DatabaseUrl url, Settings.Database settings, Duration test) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.selfTestInterval = test;
        // A healthy connection brings something with every self-test.
        this.sockets = new DatabaseSocketMonitor(vertx, test.multipliedBy(MAX_MISSED_SELF_TESTS));
        NetClientOptions transport = Database.transportOptions(settings);
        this.connections = PgDriver.INSTANCE.createConnectionFactory(sockets, transport);
        this.servers = url.servers().stream()
                .map(serverAddress -> options(url, serverAddress, settings))
                .toList();
        this.target = url.targetSession();
        this.selector = new DatabaseServerSelector(vertx, sockets, transport, servers, url.targetSession(), test);
    }

    private static PgConnectOptions options(
            DatabaseUrl url, DatabaseUrl.ServerAddress serverAddress, Settings.Database settings) {
        PgConnectOptions options = Database.connectOptions(url, serverAddress, settings, false);
        options.getProperties().put("application_name", "darkroom hints");
        options.setReconnectAttempts(0);
        return options;
    }

    /**
     * Starts to connect, and does so again whenever the connection is lost. The database may be away.
     *
     * @param url of the server itself: a pooler in transaction mode does not pass notifications on
     */
    public static NotifyChannel open(Vertx vertx, DatabaseUrl url, Settings.Database settings) {
        return open(vertx, url, settings, SELF_TEST_INTERVAL);
    }

    static NotifyChannel open(Vertx vertx, DatabaseUrl url, Settings.Database settings, Duration test) {
        NotifyChannel notifyChannel = new NotifyChannel(vertx, url, settings, test);
        notifyChannel.context.runOnContext(start -> notifyChannel.connect(INITIAL_RECONNECT_DELAY));
        return notifyChannel;
    }

    /** Tells the other processes, soon. Nothing is promised. */
    public void send(String topic) {
        enqueue(topic);
    }

    /**
     * The same about one of many things.
     *
     * @param key what it is about, short, without commas
     */
    public void send(String topic, String key) {
        enqueue(topic + KEY_SEPARATOR + key);
    }

    private void enqueue(String hint) {
        context.runOnContext(v -> {
            pending.add(hint);
            if (!flushing) {
                flushing = true;
                flush();
            }
        });
    }

    /** Calls {@code handler} after hints of other processes, and whenever some may have been missed. */
    public void listen(String topic, Runnable handler) {
        listen(topic, key -> handler.run());
    }

    /** The same for hints that are about one of many things: given its key, or null when it may be all of them. */
    public void listen(String topic, Consumer<String> handler) {
        synchronized (handlers) {
            handlers.computeIfAbsent(topic, key -> new CopyOnWriteArrayList<>()).add(handler);
        }
    }

    /** How many sockets are open, half-closed ones too. */
    int openSockets() {
        return sockets.openCount();
    }

    /** Stops listening. */
    public Future<Void> close() {
        Promise<Void> done = Promise.<Void>promise();
        context.runOnContext(v -> {
            closed = true;
            Future<Void> ended = connection == null ? Future.succeededFuture() : connection.close();
            ended.timeout(selfTestInterval.toMillis(), TimeUnit.MILLISECONDS).onComplete(parted -> {
                sockets.abortAll();
                connections.close(done);
            });
        });
        return done.future();
    }

    private void flush() {
        if (pending.isEmpty() || closed) {
            flushing = false;
            return;
        }
        StringJoiner topics = new StringJoiner(",");
        Iterator<String> hints = pending.iterator();
        while (hints.hasNext() && topics.length() < MAX_PAYLOAD_LENGTH) {
            topics.add(hints.next());
            hints.remove();
        }
        sendNotify(topics.toString());
        vertx.setTimer(MIN_NOTIFY_INTERVAL.toMillis(), timer -> flush());
    }

    /** Without a connection the hint is lost, which is allowed. */
    private void sendNotify(String topics) {
        if (connection != null) {
            PgConnection used = connection;
            used.preparedQuery("SELECT pg_notify($1, $2), (" + SELECT_READ_ONLY + ")")
                    .execute(Tuple.of(CHANNEL, sender + ":" + topics))
                    .timeout(selfTestInterval.toMillis(), TimeUnit.MILLISECONDS)
                    .onSuccess(
                            rows -> checkWritable(used, rows.iterator().next().getBoolean(1)))
                    .onFailure(error -> dropConnection(used, error.getMessage()));
        }
    }

    /** After a fail-over the processes notify each other on the new server; the old one, read-only now, stays silent. */
    private void checkWritable(PgConnection used, boolean readOnly) {
        if (readOnly && writable) {
            dropConnection(used, "the server is read-only now");
        }
        writable = !readOnly;
    }

    /** Where there are several servers, notifications come from the one that accepts writes. */
    private Future<Void> requireWritable(boolean writes) {
        writable = writes;
        return writes || servers.size() == 1 || target == TargetSession.ANY
                ? Future.succeededFuture()
                : Future.failedFuture("the server is read-only");
    }

    private void connect(Duration wait) {
        if (closed) {
            return;
        }
        Future<PgConnection> connecting = connections
                .connect(context, selector.choose().map(servers::get))
                .map(PgConnection::cast);
        connecting
                .timeout(selfTestInterval.toMillis(), TimeUnit.MILLISECONDS)
                // One that comes after all, when another has been tried for, would listen for nobody.
                .onFailure(late -> connecting.onSuccess(PgConnection::close))
                .compose(opened -> {
                    opened.exceptionHandler(error -> {});
                    opened.notificationHandler(this::onNotification);
                    return opened.query("LISTEN " + CHANNEL)
                            .execute()
                            .compose(listening -> opened.query(SELECT_READ_ONLY).execute())
                            .compose(rows ->
                                    requireWritable(!rows.iterator().next().getBoolean(0)))
                            .timeout(selfTestInterval.toMillis(), TimeUnit.MILLISECONDS)
                            .map(opened)
                            .onFailure(error -> {
                                sockets.notifyLoss();
                                sockets.abortAll();
                            });
                })
                .onComplete(done -> {
                    if (done.succeeded()) {
                        onListening(done.result());
                    } else {
                        LOG.atDebug()
                                .addKeyValue("reason", done.cause().getMessage())
                                .log("no connection for hints");
                        Duration next = wait.multipliedBy(2).compareTo(MAX_RECONNECT_DELAY) > 0
                                ? MAX_RECONNECT_DELAY
                                : wait.multipliedBy(2);
                        vertx.setTimer(wait.toMillis(), timer -> connect(next));
                    }
                });
    }

    private void onListening(PgConnection opened) {
        if (closed) {
            opened.close();
            return;
        }
        connection = opened;
        opened.closeHandler(v -> dropConnection(opened, "the connection was closed"));
        LOG.atDebug().log("listening for hints");
        // Whatever was said meanwhile was said to nobody.
        topics().forEach(topic -> callHandlers(topic, null));
        selfTestReceived = true;
        scheduleSelfTest(opened);
    }

    private void scheduleSelfTest(PgConnection tested) {
        vertx.setTimer(selfTestInterval.toMillis(), timer -> {
            if (connection != tested) {
                return;
            }
            if (!selfTestReceived) {
                dropConnection(tested, "it did not hear itself");
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
        if (!closed) {
            LOG.atWarn().addKeyValue("reason", reason).log("connection for hints lost, connecting again");
            sockets.notifyLoss();
            // Not closed: the driver would wait for a server that may be gone.
            sockets.abortAll();
            connect(INITIAL_RECONNECT_DELAY);
        }
    }

    private void onNotification(PgNotification notification) {
        String[] parts = notification.getPayload().split(":", 2);
        if (parts[0].equals(sender)) {
            selfTestReceived = true;
        } else if (parts.length == 2) {
            for (String hint : parts[1].split(",", -1)) {
                int key = hint.indexOf(KEY_SEPARATOR);
                if (key < 0) {
                    callHandlers(hint, null);
                } else {
                    callHandlers(hint.substring(0, key), hint.substring(key + 1));
                }
            }
        }
    }

    private List<String> topics() {
        synchronized (handlers) {
            return List.copyOf(handlers.keySet());
        }
    }

    private void callHandlers(String topic, String key) {
        List<Consumer<String>> called;
        synchronized (handlers) {
            called = handlers.getOrDefault(topic, List.of());
        }
        called.forEach(handler -> handler.accept(key));
    }
}
