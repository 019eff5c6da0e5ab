package dev.darkroom.notification;

/**
 * The event-bus interface of notifications: addresses and actions; {@code docs/event-bus.md} is its contract, and
 * {@link dev.darkroom.eventbus.CommandProtocol} has what all commands share. Bodies are plain JSON.
 */
public final class NotificationBus {
    /** Commands go here. Answered by any notification verticle. */
    public static final String COMMANDS = "darkroom.notification";

    /** {@code {"version", "user", "notification"}} is published here when something was recorded, once in the process that did. */
    public static final String EVENTS = "darkroom.notification.events";

    /** {@code {"user", "cursor"?, "limit"?}} → {@code {"items", "nextCursor"?, "position", "unread", "reset"?}}, the oldest first. */
    public static final String LIST = "list";

    /** {@code {"user", "seq", "subscriber"?}} → {@code {"acked", "top", "unread"}}. */
    public static final String ACK = "ack";

    /** {@code {"user", "id"}} → {@code {"notification"}}, which is then read. */
    public static final String MARK_READ = "read";

    /** For other processes, by {@link dev.darkroom.database.NotifyChannel}: a user was told something. */
    public static final String RECORDED_TOPIC = "told";

    /** The same: a user has acknowledged or read something. */
    public static final String READ_STATE_TOPIC = "state";

    private NotificationBus() {}
}
