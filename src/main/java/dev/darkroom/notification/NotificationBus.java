package dev.darkroom.notification;

import dev.darkroom.signal.ChangeSignal;

/**
 * Event-bus addresses and actions of notifications. Bodies are JSON objects. {@code docs/event-bus.md} is the contract;
 * {@link dev.darkroom.eventbus.CommandProtocol} defines the conventions shared by all commands.
 */
public final class NotificationBus {
    /** Address for commands. Every {@code NotificationCommandVerticle} instance consumes it. */
    public static final String COMMANDS = "darkroom.notification";

    /** Address of events {@code {"version", "user", "notification"}}. The process that stored the notification publishes it once. */
    public static final String EVENTS = "darkroom.notification.events";

    /** {@code {"user", "cursor"?, "limit"?}} → {@code {"items", "nextCursor"?, "position", "unreadCount", "reset"?}}, oldest first. */
    public static final String LIST = "list";

    /** {@code {"user", "seq", "subscriber"?}} → {@code {"ackedSeq", "lastSeq", "unreadCount"}}. */
    public static final String ACK = "ack";

    /** {@code {"user", "id"}} → {@code {"notification"}}, marked as read. */
    public static final String MARK_READ = "read";

    /** Notifications were stored for the user with this {@link NotifyUserKey}. */
    public static final ChangeSignal RECORDED = new ChangeSignal("told");

    /** The user with this {@link NotifyUserKey} acknowledged or read notifications. */
    public static final ChangeSignal READ_STATE = new ChangeSignal("state");

    private NotificationBus() {}
}
