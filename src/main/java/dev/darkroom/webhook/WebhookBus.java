package dev.darkroom.webhook;

import dev.darkroom.signal.ChangeSignal;

/** Event-bus addresses and signals of webhooks, inside the process only. */
public final class WebhookBus {
    /** Address of each {@link dev.darkroom.webhook.command.WebhookCommand}. Every {@code WebhookCommandVerticle} instance consumes it. */
    public static final String COMMANDS = "darkroom.webhook";

    /** Deliveries were enqueued. Senders with free capacity claim. */
    public static final ChangeSignal ENQUEUED = new ChangeSignal("deliveries");

    private WebhookBus() {}
}
