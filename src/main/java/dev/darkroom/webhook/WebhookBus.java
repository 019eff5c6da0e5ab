package dev.darkroom.webhook;

import dev.darkroom.signal.ChangeSignal;

/**
 * Event-bus address and actions of webhooks; {@code docs/event-bus.md} is the contract. Not available to clustered clients, because
 * replies contain secrets.
 */
public final class WebhookBus {
    /** Address for commands. Every {@code WebhookCommandVerticle} instance consumes it. */
    public static final String COMMANDS = "darkroom.webhook";

    /** Deliveries were enqueued. Senders with free capacity claim. */
    public static final ChangeSignal ENQUEUED = new ChangeSignal("deliveries");

    /** {@code {"user", "webhook"}} → {@code {"webhook"}}; only this reply includes the secret. */
    public static final String CREATE = "create";

    /** {@code {"user", "limit"?, "cursor"?}} → {@code {"items", "nextCursor"?}}, oldest first. */
    public static final String LIST = "list";

    /** {@code {"user", "id"}} → {@code {"webhook"}}. */
    public static final String GET = "get";

    /** {@code {"user", "id", "changes"}} → {@code {"webhook"}}. */
    public static final String UPDATE = "change";

    /** {@code {"user", "id"}} → {@code {}}. */
    public static final String DELETE = "delete";

    /** {@code {"user", "id"}} → {@code {"outcome"}} of a test request to the webhook URL. */
    public static final String TEST = "test";

    /** {@code {"user", "id"}} → the new secret, and the time until which the previous one also signs. */
    public static final String ROTATE_WEBHOOK_SECRET = "rotate";

    /** {@code {"user", "id"}} → {@code {"webhook"}}. */
    public static final String ENABLE = "enable";

    /** {@code {"user", "id"}} → {@code {"webhook"}}. */
    public static final String DISABLE = "disable";

    /** {@code {"user", "id", "status"?, "limit"?, "cursor"?}} → {@code {"items", "nextCursor"?}}, newest first. */
    public static final String LIST_DELIVERIES = "deliveries";

    /** {@code {"user", "id", "deliveryId"}} → {@code {"delivery"}}, due now. */
    public static final String REDELIVER = "redeliver";

    /** {@code {"user", "id", "after", "before"?}} → {@code {"queued", "hasMore"}}. */
    public static final String REDELIVER_RANGE = "redeliverRange";

    /** {@code {"user"}} → the user's secret, which signs deliveries to the {@code webhookUrl} of a request. */
    public static final String GET_USER_SECRET = "secret";

    /** {@code {"user"}} → the user's new secret, and the time until which the previous one also signs. */
    public static final String ROTATE_USER_SECRET = "rotateSecret";

    private WebhookBus() {}
}
