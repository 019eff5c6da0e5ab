package dev.darkroom.eventbus;

/**
 * What all commands on the event bus have in common: headers, and the codes of errors, which come back in the reply body as
 * {@code {"error": {"code", "message", "errors"?}}}, never as a failed message. {@code docs/event-bus.md} is the contract.
 */
public final class CommandProtocol {
    /** The header that says what to do. */
    public static final String ACTION_HEADER = "action";

    /** The header that says which version of this interface the sender speaks. */
    public static final String VERSION_HEADER = "version";

    /** The version spoken here. */
    public static final String VERSION = "1";

    /** The header under which a command names the request that it serves, for the log. Optional. */
    public static final String REQUEST_ID_HEADER = "requestId";

    /** The command or what it carries is wrong; {@code errors} says where. */
    public static final String INVALID = "INVALID";

    /** There is no such thing, or it is another user's. */
    public static final String NOT_FOUND = "NOT_FOUND";

    /** As things stand, this cannot be done. */
    public static final String CONFLICT = "CONFLICT";

    /** The database is away, or a host cannot be looked up. What the command writes may or may not have been written. */
    public static final String UNAVAILABLE = "UNAVAILABLE";

    /** Our fault; the log knows more. */
    public static final String INTERNAL = "INTERNAL";

    private CommandProtocol() {}
}
