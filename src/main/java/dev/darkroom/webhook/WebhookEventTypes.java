package dev.darkroom.webhook;

import dev.darkroom.notification.Notification;
import java.util.List;

/** The types of what endpoints are told. */
public final class WebhookEventTypes {
    /** An endpoint is sent nothing any more, because of how it answered. */
    static final String DISABLED = "webhook.disabled";

    /** Sent when somebody asks for it, to one endpoint, and never on record. */
    public static final String TEST = "webhook.test";

    /** All there are, and all there will be. */
    public static final String ALL = "*";

    /** What an endpoint can ask for. */
    public static final List<String> SUBSCRIBABLE = List.of(ALL, Notification.GENERATION_ENDED, DISABLED);

    private WebhookEventTypes() {}
}
