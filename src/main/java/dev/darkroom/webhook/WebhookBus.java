package dev.darkroom.webhook;

/**
 * The event-bus interface of webhooks: an address and its actions; {@code docs/event-bus.md} is its contract. Not bridged to clusters:
 * secrets travel in replies.
 */
public final class WebhookBus {
    /** Commands go here. Answered by any webhook verticle. */
    public static final String COMMANDS = "darkroom.webhook";

    /** Within one process only: there is something to deliver. */
    static final String WAKE = "darkroom.webhook.wake";

    /** The same for other processes, by {@link dev.darkroom.database.NotifyChannel}. */
    static final String DELIVERY_TOPIC = "deliveries";

    /** {@code {"user", "webhook"}} → {@code {"webhook"}}, with its secret, which is not shown again. */
    public static final String CREATE = "create";

    /** {@code {"user", "limit"?, "cursor"?}} → {@code {"items", "nextCursor"?}}, the oldest first. */
    public static final String LIST = "list";

    /** {@code {"user", "id"}} → {@code {"webhook"}}. */
    public static final String GET = "get";

    /** {@code {"user", "id", "changes"}} → {@code {"webhook"}}. */
    public static final String UPDATE = "change";

    /** {@code {"user", "id"}} → {@code {}}. */
    public static final String DELETE = "delete";

    /** {@code {"user", "id"}} → {@code {"outcome"}} of a call that was made for it. */
    public static final String TEST = "test";

    /** {@code {"user", "id"}} → {@code {"secret"}}, the new one. */
    public static final String ROTATE_WEBHOOK_SECRET = "rotate";

    /** {@code {"user", "id"}} → {@code {"webhook"}}. */
    public static final String ENABLE = "enable";

    /** {@code {"user", "id"}} → {@code {"webhook"}}. */
    public static final String DISABLE = "disable";

    /** {@code {"user", "id", "status"?, "limit"?, "cursor"?}} → {@code {"items", "nextCursor"?}}, the newest first. */
    public static final String LIST_DELIVERIES = "deliveries";

    /** {@code {"user", "id", "deliveryId"}} → {@code {"delivery"}}, which is then due. */
    public static final String REDELIVER = "redeliver";

    /** {@code {"user", "id", "after", "before"?}} → {@code {"queued", "more"}}. */
    public static final String REDELIVER_RANGE = "redeliverRange";

    /** {@code {"user"}} → {@code {"secret"}}: what signs the deliveries that requests ask for by themselves. */
    public static final String GET_USER_SECRET = "secret";

    /** {@code {"user"}} → {@code {"secret"}}, a new one. */
    public static final String ROTATE_USER_SECRET = "rotateSecret";

    private WebhookBus() {}
}
