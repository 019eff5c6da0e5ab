package dev.darkroom.api.transport;

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
public final class UnsentByteTracker {
    private static final AttributeKey<UnsentByteTracker> ATTRIBUTE_KEY =
            AttributeKey.valueOf(UnsentByteTracker.class, "account");
    private static final Duration DEFAULT_STALL_TIMEOUT = Duration.ofSeconds(30);
    private static final long CHECK_SECONDS = 1;

    private final UnsentByteBudget budget;
    private final Channel channel;
    private final String address;
    private final long stallTimeoutNanos;
    private final Deque<PendingWrite> pendingWrites = new ArrayDeque<>(2);
    private long responseBytes;
    private long channelBytes;
    private boolean checkScheduled;
    private boolean unwritable;
    private long unwritableSince;

    /** Null while the connection is anonymous. */
    private volatile String user;

    // Guarded by this.
    private long reservedBytes;
    private boolean closed;

    /** A write that is not finished. */
    private static final class PendingWrite {
        private final Runnable abortAction;
        private long since;

        private PendingWrite(Runnable giveUp, long since) {
            this.abortAction = giveUp;
            this.since = since;
        }
    }

    UnsentByteTracker(UnsentByteBudget budget, Channel channel, String address, Duration patience) {
        this.budget = budget;
        this.channel = channel;
        this.address = address;
        this.stallTimeoutNanos = patience.toNanos();
    }

    /** Opens the account of a connection that was just accepted. */
    static UnsentByteTracker open(UnsentByteBudget budget, Channel channel, Duration patience) {
        UnsentByteTracker account = new UnsentByteTracker(
                budget, channel, InboundConnectionLimiter.address(channel.remoteAddress()), patience);
        channel.attr(ATTRIBUTE_KEY).set(account);
        budget.register(account);
        return account;
    }

    /** Returns the account of a connection. One that no {@link InboundConnectionLimiter} accepted has a budget of its own. */
    public static UnsentByteTracker of(HttpConnection connection) {
        return of(ConnectionAborter.channel(connection));
    }

    private static UnsentByteTracker of(Channel channel) {
        UnsentByteTracker account = channel.attr(ATTRIBUTE_KEY).get();
        if (account == null) {
            account = open(new UnsentByteBudget(Long.MAX_VALUE), channel, DEFAULT_STALL_TIMEOUT);
            channel.closeFuture().addListener(gone -> of(channel).close());
        }
        return account;
    }

    /** Notes that the peer has presented a credential of this user. */
    public void identify(String name) {
        synchronized (this) {
            if (user == null) {
                user = name;
                budget.transferFromAnonymous(reservedBytes);
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
        if (!reserve(bytes)) {
            return Future.failedFuture(new StalledConnectionException());
        }
        PendingWrite one = new PendingWrite(giveUp, System.nanoTime());
        pendingWrites.addLast(one);
        scheduleCheck();
        Future<Void> written;
        try {
            written = write.get();
        } catch (RuntimeException e) {
            completeWrite(one, bytes);
            throw e;
        }
        return written.onComplete(done -> completeWrite(one, bytes));
    }

    private void completeWrite(PendingWrite one, long bytes) {
        pendingWrites.remove(one);
        for (PendingWrite other : pendingWrites) {
            if (other.abortAction == one.abortAction) {
                other.since = System.nanoTime();
            }
        }
        release(bytes);
    }

    /** Counts bytes that wait for writes still to come; false when the connection was aborted instead. */
    public boolean reserve(long bytes) {
        responseBytes += bytes;
        return updateReservation();
    }

    /** Takes back what {@link #reserve} has counted. */
    public void release(long bytes) {
        responseBytes -= bytes;
        updateReservation();
    }

    /** Notes how many bytes wait in the channel, and whether it takes more. */
    void measureChannel() {
        long before = channelBytes;
        channelBytes = measurePendingBytes();
        boolean full = !channel.isWritable();
        if (full && !unwritable) {
            unwritableSince = System.nanoTime();
        }
        unwritable = full;
        if (channelBytes != before) {
            updateReservation();
        }
        if (channelBytes > 0) {
            scheduleCheck();
        }
    }

    private long measurePendingBytes() {
        // The two limits are the only public measure of what waits.
        return channel.isWritable()
                ? Math.max(0, channel.config().getWriteBufferHighWaterMark() + 1 - channel.bytesBeforeUnwritable())
                : channel.config().getWriteBufferLowWaterMark() + channel.bytesBeforeWritable();
    }

    private boolean updateReservation() {
        long now = Math.max(responseBytes, channelBytes);
        long more;
        synchronized (this) {
            if (closed) {
                return false;
            }
            more = now - reservedBytes;
            if (more <= 0) {
                reservedBytes = now;
                budget.release(-more, isAnonymous());
                return true;
            }
        }
        // Without the lock: it may be the account of another event loop that has to give way, and that one the same way
        // round.
        boolean anonymous = isAnonymous();
        if (!budget.reserve(this, more)) {
            return false;
        }
        synchronized (this) {
            if (closed) {
                budget.release(more, anonymous);
                return false;
            }
            reservedBytes += more;
            return true;
        }
    }

    private void scheduleCheck() {
        if (!checkScheduled) {
            checkScheduled = true;
            channel.eventLoop().schedule(this::checkProgress, CHECK_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void checkProgress() {
        checkScheduled = false;
        if (!channel.isActive()) {
            return;
        }
        measureChannel();
        long now = System.nanoTime();
        if (unwritable && now - unwritableSince >= stallTimeoutNanos) {
            abort();
            return;
        }
        for (PendingWrite one : List.copyOf(pendingWrites)) {
            if (now - one.since >= stallTimeoutNanos) {
                one.since = now;
                one.abortAction.run();
            }
        }
        if (reservedBytes() > 0 || !pendingWrites.isEmpty()) {
            scheduleCheck();
        }
    }

    /** Aborts the connection and returns the bytes that this frees. From any thread. */
    long abort() {
        long freed = close();
        ConnectionAborter.abort(channel);
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
            freed = reservedBytes;
            reservedBytes = 0;
            budget.release(freed, isAnonymous());
        }
        budget.unregister(this);
        return freed;
    }

    /** From any thread, as the following. */
    boolean isAnonymous() {
        return user == null;
    }

    synchronized long reservedBytes() {
        return reservedBytes;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** The user, or the address while nobody is known. */
    String ownerKey() {
        String known = user;
        return known == null ? address : known;
    }

    String address() {
        return address;
    }
}
