package dev.darkroom.notification;

import dev.darkroom.signal.ChangeSignal;

/** Event-bus addresses and signals of notifications. {@code docs/event-bus.md} is the contract of the events. */
public final class NotificationBus {
    /** Address of each {@link NotificationCommand}. Every {@code NotificationCommandVerticle} instance consumes it. */
    public static final String COMMANDS = "darkroom.notification";

    /** Address of events {@code {"version", "user", "notification"}}. The process that stored the notification publishes it once. */
    public static final String EVENTS = "darkroom.notification.events";

    /** Notifications were stored for the user with this {@link NotifyUserKey}. */
    public static final ChangeSignal RECORDED = new ChangeSignal("notifications");

    /** The user with this {@link NotifyUserKey} acknowledged or read notifications. */
    public static final ChangeSignal READ_STATE = new ChangeSignal("readState");

    private NotificationBus() {}
}
