package dev.darkroom.inbound;

import dev.darkroom.access.CutOff;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Counts the bytes that wait to be sent on one connection, and aborts what makes no progress. Two counts overlap, and the larger one is
 * charged to the budget: bytes of answers from the moment they are given, wherever they wait; and bytes in the channel, among them heads,
 * pongs and acknowledgements that the library writes by itself.
 *
 * <p>For the event loop of the connection, except where a method says otherwise.
 */
public final class UnsentAccount {
    private static final AttributeKey<UnsentAccount> KEY = AttributeKey.valueOf(UnsentAccount.class, "account");
    private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(30);
    private static final long CHECK_SECONDS = 1;

    private final UnsentBudget budget;
    private final Channel channel;
    private final String address;
    private final long patienceNanos;
    private final Deque<Pending> pending = new ArrayDeque<>(2);
    private long answerBytes;
    private long channelBytes;
    private boolean checkScheduled;
    private boolean stuck;
    private long stuckSince;

    /** Null while the connection is anonymous. */
    private volatile String user;

    // Guarded by this.
    private long held;
    private boolean closed;

    /** A write that is not finished. */
    private static final class Pending {
        private final Runnable giveUp;
        private long since;

        private Pending(Runnable giveUp, long since) {
            this.giveUp = giveUp;
            this.since = since;
        }
    }

    UnsentAccount(UnsentBudget budget, Channel channel, String address, Duration patience) {
        this.budget = budget;
        this.channel = channel;
        this.address = address;
        this.patienceNanos = patience.toNanos();
    }

    /** Opens the account of a connection that was just accepted. */
    static UnsentAccount open(UnsentBudget budget, Channel channel, Duration patience) {
        UnsentAccount account =
                new UnsentAccount(budget, channel, InboundConnections.address(channel.remoteAddress()), patience);
        channel.attr(KEY).set(account);
        budget.add(account);
        return account;
    }

    /** Returns the account of a connection. One that no {@link InboundConnections} accepted has a budget of its own. */
    public static UnsentAccount of(HttpConnection connection) {
        return of(CutOff.channel(connection));
    }

    private static UnsentAccount of(Channel channel) {
        UnsentAccount account = channel.attr(KEY).get();
        if (account == null) {
            account = open(new UnsentBudget(Long.MAX_VALUE), channel, DEFAULT_PATIENCE);
            channel.closeFuture().addListener(gone -> of(channel).close());
        }
        return account;
    }

    /** Notes that the peer has presented a credential of this user. */
    public void identify(String name) {
        synchronized (this) {
            if (user == null) {
                user = name;
                budget.moveToKnown(held);
            }
        }
    }

    /**
     * Writes, and counts the bytes until the operating system has taken them.
     *
     * @param bytes that this write keeps in memory
     * @param giveUp ends the writes of one sender when they have made no progress for too long; the same object for all of them, since
     *     the end of one renews the time of the others
     * @param write begins the write, and completes with it
     * @return fails at once when the connection was aborted to keep to the budget
     */
    public Future<Void> write(long bytes, Runnable giveUp, Supplier<Future<Void>> write) {
        if (!hold(bytes)) {
            return Future.failedFuture(new StalledConnectionException());
        }
        Pending one = new Pending(giveUp, System.nanoTime());
        pending.addLast(one);
        scheduleCheck();
        Future<Void> written;
        try {
            written = write.get();
        } catch (RuntimeException e) {
            finish(one, bytes);
            throw e;
        }
        return written.onComplete(done -> finish(one, bytes));
    }

    private void finish(Pending one, long bytes) {
        pending.remove(one);
        for (Pending other : pending) {
            if (other.giveUp == one.giveUp) {
                other.since = System.nanoTime();
            }
        }
        release(bytes);
    }

    /** Counts bytes that wait for writes still to come; false when the connection was aborted instead. */
    public boolean hold(long bytes) {
        answerBytes += bytes;
        return update();
    }

    /** Takes back what {@link #hold} has counted. */
    public void release(long bytes) {
        answerBytes -= bytes;
        update();
    }

    /** Notes how many bytes wait in the channel, and whether it takes more. */
    void measure() {
        long before = channelBytes;
        channelBytes = pendingBytes();
        boolean full = !channel.isWritable();
        if (full && !stuck) {
            stuckSince = System.nanoTime();
        }
        stuck = full;
        if (channelBytes != before) {
            update();
        }
        if (channelBytes > 0) {
            scheduleCheck();
        }
    }

    private long pendingBytes() {
        // The two limits are the only public measure of what waits.
        return channel.isWritable()
                ? Math.max(0, channel.config().getWriteBufferHighWaterMark() + 1 - channel.bytesBeforeUnwritable())
                : channel.config().getWriteBufferLowWaterMark() + channel.bytesBeforeWritable();
    }

    private boolean update() {
        long now = Math.max(answerBytes, channelBytes);
        long more;
        synchronized (this) {
            if (closed) {
                return false;
            }
            more = now - held;
            if (more <= 0) {
                held = now;
                budget.release(-more, anonymous());
                return true;
            }
        }
        // Without the lock: it may be the account of another event loop that has to give way, and that one the same way
        // round.
        boolean anonymous = anonymous();
        if (!budget.reserve(this, more)) {
            return false;
        }
        synchronized (this) {
            if (closed) {
                budget.release(more, anonymous);
                return false;
            }
            held += more;
            return true;
        }
    }

    private void scheduleCheck() {
        if (!checkScheduled) {
            checkScheduled = true;
            channel.eventLoop().schedule(this::check, CHECK_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void check() {
        checkScheduled = false;
        if (!channel.isActive()) {
            return;
        }
        measure();
        long now = System.nanoTime();
        if (stuck && now - stuckSince >= patienceNanos) {
            abort();
            return;
        }
        for (Pending one : List.copyOf(pending)) {
            if (now - one.since >= patienceNanos) {
                one.since = now;
                one.giveUp.run();
            }
        }
        if (held() > 0 || !pending.isEmpty()) {
            scheduleCheck();
        }
    }

    /** Aborts the connection and returns the bytes that this frees. From any thread. */
    long abort() {
        long freed = close();
        CutOff.of(channel);
        return freed;
    }

    /** Counts no more. From any thread. */
    long close() {
        long freed;
        synchronized (this) {
            if (closed) {
                return 0;
            }
            closed = true;
            freed = held;
            held = 0;
            budget.release(freed, anonymous());
        }
        budget.remove(this);
        return freed;
    }

    /** From any thread, as the following. */
    boolean anonymous() {
        return user == null;
    }

    synchronized long held() {
        return held;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** The user, or the address while nobody is known. */
    String holder() {
        String known = user;
        return known == null ? address : known;
    }

    String address() {
        return address;
    }
}
