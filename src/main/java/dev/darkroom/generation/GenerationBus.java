package dev.darkroom.generation;

/**
 * Event-bus interface of generations: addresses, actions and error codes. Its contract is {@code docs/event-bus.md}; {@link
 * dev.darkroom.eventbus.CommandProtocol} has the parts that all commands share. Messages travel on the local bus of the process; with
 * {@code cluster.enabled} a bridge extends commands and events to a cluster. Bodies are plain JSON.
 */
public final class GenerationBus {

    /** Address of commands. Any instance of the command verticle replies. */
    public static final String COMMANDS = "darkroom.generation";

    /** Address of events. {@code {"version", "type", "id", "user", "status"}} is published when a generation has ended. */
    public static final String EVENTS = "darkroom.generation.events";

    /** Local address: a generation was submitted. Workers with free capacity claim. */
    public static final String WORK_AVAILABLE = "darkroom.generation.wake";

    /** As {@link #WORK_AVAILABLE}, for other processes, by {@link dev.darkroom.database.NotifyChannel}. */
    public static final String WORK_SIGNAL = "work";

    /** Signal to other processes: generations have ended. */
    public static final String FINISHED_SIGNAL = "ended";

    /** Local address: the id of a generation, sent when one of its attempts starts or fails. */
    public static final String PROGRESS = "darkroom.generation.progress";

    /** As {@link #PROGRESS}, for other processes, and also sent at the end. Its key is the id without hyphens. */
    public static final String PROGRESS_SIGNAL = "progress";

    /** Local address: generations were canceled. A worker may have running attempts of them. */
    public static final String CANCELLED = "darkroom.generation.cancelled";

    /** As {@link #CANCELLED}, for other processes. */
    public static final String CANCELLED_SIGNAL = "cancelled";

    /** Local address: generations with running attempts were erased. Their workers store which attempts have ended. */
    public static final String ERASED = "darkroom.generation.erased";

    /** As {@link #ERASED}, for other processes. */
    public static final String ERASED_SIGNAL = "erased";

    /** Local address: generations were deleted, by this or another process. In-memory caches evict them. */
    public static final String DELETED = "darkroom.generation.forget";

    /** As {@link #DELETED}, for other processes. */
    public static final String DELETED_SIGNAL = "forget";

    /**
     * Action {@code {"user", "request", "idempotencyKey"?}} → {@code {"generation", "replayed"?}}: creates a generation. {@code replayed}
     * is true when an earlier command with the same key created it.
     */
    public static final String CREATE = "create";

    /**
     * Action {@code {"user", "id", "idempotencyKey"?}} → {@code {"generation", "replayed"?}}: creates a generation with the request of a
     * FAILED one.
     */
    public static final String RETRY = "retry";

    /** Action {@code {"user", "id"}} → {@code {"generation"}}: cancels a generation, which is then FAILED. */
    public static final String CANCEL = "cancel";

    /** Action {@code {"user", "id"}} → {@code {"deleted"}}: deletes an ended generation permanently. */
    public static final String DELETE = "delete";

    /**
     * Action {@code {"user", "status"?, "createdAfter"?, "createdBefore"?, "limit"?, "cursor"?}} → {@code {"items", "nextCursor"?}}: lists
     * generations, newest first.
     */
    public static final String LIST = "list";

    /** Action {@code {"user", "id", "waitMs"?}} → {@code {"generation"}}: replies when it has ended or after {@code waitMs}. */
    public static final String GET = "get";

    /**
     * Action {@code {"user", "id"}} → {@code {"image"}}: returns the storage location of an image, not its bytes. {@code "signedUrl": true}
     * instead of a user means that the sender has verified a signed URL of the image.
     */
    public static final String GET_IMAGE = "getImage";

    /** Error code: the idempotency key was used with a different request; nothing was stored. */
    public static final String KEY_REUSED = "KEY_REUSED";

    /**
     * Error code: the generation would miss its deadline, or the queue is full; nothing was stored. {@code retryAfterSeconds} says when
     * to retry.
     */
    public static final String OVERLOADED = "OVERLOADED";

    /** Error code: the user has reached a quota; nothing was stored. {@code retryAfterSeconds} says when to retry. */
    public static final String QUOTA_EXCEEDED = "QUOTA_EXCEEDED";

    private GenerationBus() {}
}
