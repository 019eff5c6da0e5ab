package dev.darkroom.eventbus;

/**
 * Headers and error codes shared by all commands on the event bus. An error is a normal reply with the body
 * {@code {"error": {"code", "message", "errors"?}}}, never a failed message. {@code docs/event-bus.md} is the contract.
 */
public final class CommandProtocol {
    /** The header with the name of the action. */
    public static final String ACTION_HEADER = "action";

    /** The header with the protocol version of the sender. */
    public static final String VERSION_HEADER = "version";

    /** The supported protocol version. */
    public static final String VERSION = "1";

    /** The header with the id of the HTTP request that caused the command, for the log. Optional. */
    public static final String REQUEST_ID_HEADER = "requestId";

    /** The command or its body is invalid. {@code errors}, if present, lists the invalid fields. */
    public static final String INVALID = "INVALID";

    /** The resource does not exist, or belongs to another user. */
    public static final String NOT_FOUND = "NOT_FOUND";

    /** The state of the resource does not allow the action. */
    public static final String CONFLICT = "CONFLICT";

    /** The database is unavailable, or a host name cannot be resolved. Writes of the command may or may not have happened. */
    public static final String UNAVAILABLE = "UNAVAILABLE";

    /** An unexpected error; the log has the cause. */
    public static final String INTERNAL = "INTERNAL";

    private CommandProtocol() {}
}
