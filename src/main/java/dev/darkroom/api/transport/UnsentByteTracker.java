package dev.darkroom.api.transport;

import dev.darkroom.netty.NettyChannels;
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
 * Counts the unsent bytes of one connection and aborts writes without progress. Charges the larger of two overlapping counts to the budget:
 * bytes of responses from the start of their write, in any buffer; and bytes in the channel, which include headers,
 * pongs and acknowledgements that Vert.x writes itself.
 *
 * <p>For the event loop of the connection, unless a method says otherwise.
 */
public final class UnsentByteTracker {
    private static final AttributeKey<UnsentByteTracker> ATTRIBUTE_KEY =
            AttributeKey.valueOf(UnsentByteTracker.class, "tracker");
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
    private long unwritableSinceNanos;

    /** Null while the connection is anonymous. */
    private volatile String user;

    // Guarded by this.
    private long reservedBytes;
    private boolean closed;

    /** Write that has not completed. */
    private static final class PendingWrite {
        private final Runnable abortAction;
        private long lastProgressNanos;

        private PendingWrite(Runnable abortAction, long startNanos) {
            this.abortAction = abortAction;
            this.lastProgressNanos = startNanos;
        }
    }

    UnsentByteTracker(UnsentByteBudget budget, Channel channel, String address, Duration stallTimeout) {
        this.budget = budget;
        this.channel = channel;
        this.address = address;
        this.stallTimeoutNanos = stallTimeout.toNanos();
    }

    /** Creates the tracker of an accepted connection. */
    static UnsentByteTracker open(UnsentByteBudget budget, Channel channel, Duration stallTimeout) {
        UnsentByteTracker tracker = new UnsentByteTracker(
                budget, channel, InboundConnectionLimiter.address(channel.remoteAddress()), stallTimeout);
        channel.attr(ATTRIBUTE_KEY).set(tracker);
        budget.register(tracker);
        return tracker;
    }

    /** Returns the tracker of a connection. A connection that no {@link InboundConnectionLimiter} accepted gets its own unlimited budget. */
    public static UnsentByteTracker of(HttpConnection connection) {
        return of(NettyChannels.of(connection));
    }

    private static UnsentByteTracker of(Channel channel) {
        UnsentByteTracker tracker = channel.attr(ATTRIBUTE_KEY).get();
        if (tracker == null) {
            tracker = open(new UnsentByteBudget(Long.MAX_VALUE), channel, DEFAULT_STALL_TIMEOUT);
            channel.closeFuture().addListener(closed -> of(channel).close());
        }
        return tracker;
    }

    /** Charges the connection to the user of a credential that the peer has presented. The first user stays. */
    public void identify(String authenticatedUser) {
        synchronized (this) {
            if (user == null) {
                user = authenticatedUser;
                budget.transferFromAnonymous(reservedBytes);
            }
        }
    }

    /**
     * Starts a write and counts its bytes until the operating system has taken them.
     *
     * @param bytes memory that the write takes
     * @param abortAction aborts the writes of one sender after the stall timeout; the same object for all writes of the sender, because
     *     the completion of one write restarts the time of the others
     * @param write starts the write; its future completes with the write
     * @return fails at once when the connection was aborted to free bytes of the budget
     */
    public Future<Void> write(long bytes, Runnable abortAction, Supplier<Future<Void>> write) {
        if (!reserve(bytes)) {
            return Future.failedFuture(new StalledConnectionException());
        }
        PendingWrite pendingWrite = new PendingWrite(abortAction, System.nanoTime());
        pendingWrites.addLast(pendingWrite);
        scheduleCheck();
        Future<Void> written;
        try {
            written = write.get();
        } catch (RuntimeException e) {
            completeWrite(pendingWrite, bytes);
            throw e;
        }
        return written.onComplete(done -> completeWrite(pendingWrite, bytes));
    }

    private void completeWrite(PendingWrite pendingWrite, long bytes) {
        pendingWrites.remove(pendingWrite);
        for (PendingWrite other : pendingWrites) {
            if (other.abortAction == pendingWrite.abortAction) {
                other.lastProgressNanos = System.nanoTime();
            }
        }
        release(bytes);
    }

    /** Counts bytes of later writes. Returns false when the connection was aborted instead. */
    public boolean reserve(long bytes) {
        responseBytes += bytes;
        return updateReservation();
    }

    /** Releases bytes that {@link #reserve} has counted. */
    public void release(long bytes) {
        responseBytes -= bytes;
        updateReservation();
    }

    /** Updates the number of bytes in the channel, and the time since it is full. */
    void measureChannel() {
        long before = channelBytes;
        channelBytes = measurePendingBytes();
        boolean full = !channel.isWritable();
        if (full && !unwritable) {
            unwritableSinceNanos = System.nanoTime();
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
        // Netty reports pending bytes only relative to the two water marks.
        return channel.isWritable()
                ? Math.max(0, channel.config().getWriteBufferHighWaterMark() + 1 - channel.bytesBeforeUnwritable())
                : channel.config().getWriteBufferLowWaterMark() + channel.bytesBeforeWritable();
    }

    private boolean updateReservation() {
        long current = Math.max(responseBytes, channelBytes);
        long more;
        synchronized (this) {
            if (closed) {
                return false;
            }
            more = current - reservedBytes;
            if (more <= 0) {
                reservedBytes = current;
                budget.release(-more, isAnonymous());
                return true;
            }
        }
        // Without the lock, against deadlock: the budget may close the tracker of another event loop, which may close
        // this one at the same time.
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
        if (unwritable && now - unwritableSinceNanos >= stallTimeoutNanos) {
            abort();
            return;
        }
        for (PendingWrite pendingWrite : List.copyOf(pendingWrites)) {
            if (now - pendingWrite.lastProgressNanos >= stallTimeoutNanos) {
                pendingWrite.lastProgressNanos = now;
                pendingWrite.abortAction.run();
            }
        }
        if (reservedBytes() > 0 || !pendingWrites.isEmpty()) {
            scheduleCheck();
        }
    }

    /** Aborts the connection and returns the freed bytes. Thread-safe. */
    long abort() {
        long freed = close();
        NettyChannels.abort(channel);
        return freed;
    }

    /** Stops counting and returns the freed bytes. Thread-safe. */
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

    /** Thread-safe, like the methods below. */
    boolean isAnonymous() {
        return user == null;
    }

    synchronized long reservedBytes() {
        return reservedBytes;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Returns the user, or the address of an anonymous connection. */
    String ownerKey() {
        String identified = user;
        return identified == null ? address : identified;
    }

    String address() {
        return address;
    }
}
