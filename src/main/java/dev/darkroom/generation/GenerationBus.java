package dev.darkroom.generation;

/**
 * Event-bus interface of generations: addresses and actions. Its contract is {@code docs/event-bus.md}; {@link
 * dev.darkroom.eventbus.CommandProtocol} has the parts that all commands share. Messages travel on the local bus of the process; with
 * {@code cluster.enabled} a bridge extends commands and events to a cluster. Bodies at {@link #COMMANDS} and {@link #EVENTS} are plain
 * JSON.
 */
public final class GenerationBus {

    /** Address of JSON commands. Any instance of the command verticle replies. */
    public static final String COMMANDS = "darkroom.generation";

    /** Internal address of each {@link GenerationCommand}: in this process, and between Darkroom processes in a cluster. */
    public static final String TYPED_COMMANDS = "darkroom.generation.commands";

    /**
     * Address of events. {@code {"version", "type", "id", "user", "status"}} is published when a generation has ended, {@code
     * {"version", "type", "id", "user", "status", "attempt", "percent"?, "queuePosition"?}} when the AI server reports progress.
     */
    public static final String EVENTS = "darkroom.generation.events";

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

    /** Action {@code {"user"}} → {@code {"models"}}: returns the models that requests may name, with their limits. */
    public static final String GET_MODELS = "getModels";

    /** Action {@code {"user", "from"?, "to"?}} → {@code {"usage"}}: returns the usage of the user. */
    public static final String GET_USAGE = "getUsage";

    /** Action {@code {"user", "asAdmin", "from"?, "to"?, "ofUser"?}} → {@code {"usage"}}: returns the usage of all users, or of one. */
    public static final String GET_ALL_USAGE = "getAllUsage";

    private GenerationBus() {}
}
