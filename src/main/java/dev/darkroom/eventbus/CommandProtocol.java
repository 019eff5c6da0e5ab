package dev.darkroom.eventbus;

/**
 * Headers of commands on the event bus. A rejection is a normal reply, never a failed message: a {@link CommandReply.Rejected}, or in
 * JSON the body {@code {"error": {"code", "message", "errors"?}}} with a {@link RejectionReason} as the code. {@code docs/event-bus.md}
 * is the contract.
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

    private CommandProtocol() {}
}
