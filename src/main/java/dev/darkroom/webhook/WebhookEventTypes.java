package dev.darkroom.webhook;

/** Event types of webhooks. */
public final class WebhookEventTypes {
    /** A webhook was disabled because its deliveries failed. */
    static final String DISABLED = "webhook.disabled";

    /** Test event sent to one webhook by command; never stored. */
    public static final String TEST = "webhook.test";

    /** Wildcard for all current and future event types. */
    public static final String ALL = "*";

    private WebhookEventTypes() {}
}
