package dev.darkroom.generation;

/**
 * The event-bus interface of generations: addresses, actions and its own error codes; {@code docs/event-bus.md} is its contract, and
 * {@link dev.darkroom.eventbus.CommandProtocol} has what all commands share.
 * This process's own bus carries it; with {@code cluster.enabled} a bridge extends commands and events to a cluster. Bodies are
 * plain JSON.
 */
public final class GenerationBus {
    /** Commands go here. Answered by any generation verticle. */
    public static final String COMMANDS = "darkroom.generation";

    /** {@code {"version", "type", "id", "user", "status"}} is published here when a generation has ended. */
    public static final String EVENTS = "darkroom.generation.events";

    /** Within one process only: work was submitted, a worker with free capacity may look. */
    public static final String WORK_AVAILABLE = "darkroom.generation.wake";

    /** The same for other processes, by {@link dev.darkroom.database.NotifyChannel}. */
    public static final String WORK_SIGNAL = "work";

    /** The same for those who wait: generations have ended. */
    public static final String FINISHED_SIGNAL = "ended";

    /** Within one process only: the id of a generation that has come further without having ended. */
    public static final String PROGRESS = "darkroom.generation.progress";

    /** The same for other processes, also when one has ended; the id, without its hyphens, is the key. */
    public static final String PROGRESS_SIGNAL = "progress";

    /** Within one process only: generations were cancelled, a worker may be at work on one. */
    public static final String CANCELLED = "darkroom.generation.cancelled";

    /** The same for other processes. */
    public static final String CANCELLED_SIGNAL = "cancelled";

    /** Within one process only: generations with attempts under way were erased. Its worker stores which of them have ended. */
    public static final String ERASED = "darkroom.generation.erased";

    /** The same for other processes. */
    public static final String ERASED_SIGNAL = "erased";

    /** Within one process only: generations were deleted, here or elsewhere. Whoever keeps some in memory forgets them. */
    public static final String DELETED = "darkroom.generation.forget";

    /** The same for other processes. */
    public static final String DELETED_SIGNAL = "forget";

    /**
     * {@code {"user", "request", "idempotencyKey"?}} → {@code {"generation", "replayed"?}}; replayed is true when an earlier command
     * with the same key made it.
     */
    public static final String CREATE = "create";

    /**
     * {@code {"user", "id", "idempotencyKey"?}} → {@code {"generation", "replayed"?}}: a new one that asks for what a FAILED one asked
     * for.
     */
    public static final String RETRY = "retry";

    /** {@code {"user", "id"}} → {@code {"generation"}}, which is then FAILED. */
    public static final String CANCEL = "cancel";

    /** {@code {"user", "id"}} → {@code {"deleted"}}: what was deleted, for good. */
    public static final String DELETE = "delete";

    /**
     * {@code {"user", "status"?, "createdAfter"?, "createdBefore"?, "limit"?, "cursor"?}} → {@code {"items", "nextCursor"?}}, the newest
     * first.
     */
    public static final String LIST = "list";

    /** {@code {"user", "id", "waitMs"?}} → {@code {"generation"}}, when it has ended or after so many milliseconds. */
    public static final String GET = "get";

    /**
     * {@code {"user", "id"}} → {@code {"image"}}: where a picture is kept, not its bytes. With {@code "link": true} instead of a user for
     * whoever holds a signed link to it, which the sender has checked.
     */
    public static final String GET_IMAGE = "getImage";

    /** The idempotency key was used with another request; nothing was stored. */
    public static final String KEY_REUSED = "KEY_REUSED";

    /**
     * There is so much before it that the generation would miss its deadline, or more than may wait; nothing was stored. {@code retryAfterSeconds}
     * says when to come again.
     */
    public static final String OVERLOADED = "OVERLOADED";

    /**
     * The command's user has as much as the operator allows; nothing was stored. {@code retryAfterSeconds} says when to come again.
     */
    public static final String QUOTA_EXCEEDED = "LIMITED";

    private GenerationBus() {}
}
