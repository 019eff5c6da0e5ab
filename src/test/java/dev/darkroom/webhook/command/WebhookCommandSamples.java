package dev.darkroom.webhook.command;

import dev.darkroom.webhook.DeliveryAttemptOutcome;
import dev.darkroom.webhook.DisableReason;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.command.WebhookCommand.CreateWebhook;
import dev.darkroom.webhook.command.WebhookCommand.DeleteWebhook;
import dev.darkroom.webhook.command.WebhookCommand.DisableWebhook;
import dev.darkroom.webhook.command.WebhookCommand.EnableWebhook;
import dev.darkroom.webhook.command.WebhookCommand.GetUserSecret;
import dev.darkroom.webhook.command.WebhookCommand.GetWebhook;
import dev.darkroom.webhook.command.WebhookCommand.ListDeliveries;
import dev.darkroom.webhook.command.WebhookCommand.ListWebhooks;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverDelivery;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverRange;
import dev.darkroom.webhook.command.WebhookCommand.RotateUserSecret;
import dev.darkroom.webhook.command.WebhookCommand.RotateWebhookSecret;
import dev.darkroom.webhook.command.WebhookCommand.TestWebhook;
import dev.darkroom.webhook.command.WebhookCommand.UpdateWebhook;
import dev.darkroom.webhook.command.WebhookCommand.WebhookSpec;
import dev.darkroom.webhook.command.WebhookResult.CreatedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeletedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeliveryPage;
import dev.darkroom.webhook.command.WebhookResult.RedeliveryCount;
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import dev.darkroom.webhook.command.WebhookResult.TestOutcome;
import dev.darkroom.webhook.command.WebhookResult.WebhookPage;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/** Commands on webhooks and results of them, at least one of each type. */
public final class WebhookCommandSamples {
    private static final UUID ID = UUID.fromString("01a1f000-1234-7abc-8def-0123456789ab");
    private static final UUID DELIVERY_ID = UUID.fromString("7b1f7f5e-52d2-4a4e-9d0a-3a55e1f6c0aa");
    private static final OffsetDateTime TIME = OffsetDateTime.parse("2026-11-23T18:02:11.482913Z");
    private static final SigningSecret SECRET = new SigningSecret("whsec_AAAA", null);

    private static final Webhook ENABLED = new Webhook(
            ID,
            "https://hooks.example.org/darkroom",
            List.of("*"),
            PayloadFormat.STANDARD,
            null,
            true,
            null,
            null,
            null,
            TIME);
    private static final Webhook DISABLED = new Webhook(
            ID,
            "https://hooks.example.org/darkroom",
            List.of("generation.ended", "webhook.disabled"),
            PayloadFormat.CLOUDEVENTS,
            "The shop",
            false,
            TIME,
            DisableReason.BY_OWNER,
            TIME,
            TIME);

    private static final Delivery PENDING = new Delivery(
            DELIVERY_ID, ID, "webhook.disabled", null, DeliveryStatus.PENDING, TIME, null, TIME, List.of());
    private static final Delivery DELIVERED = new Delivery(
            DELIVERY_ID,
            ID,
            "generation.ended",
            ID,
            DeliveryStatus.DELIVERED,
            TIME,
            TIME,
            null,
            List.of(
                    new DeliveryAttempt(1, TIME, TIME, DeliveryAttemptOutcome.FAILED, 500, "HTTP_500", TIME),
                    new DeliveryAttempt(2, TIME, TIME, DeliveryAttemptOutcome.LOST, null, "NODE_LOST", TIME),
                    new DeliveryAttempt(3, TIME, TIME, DeliveryAttemptOutcome.DELIVERED, 204, null, null)));

    private WebhookCommandSamples() {}

    public static List<WebhookCommand<?>> commands() {
        return List.of(
                new CreateWebhook("anna", new WebhookSpec("https://hooks.example.org/", null, null, null)),
                new ListWebhooks("anna", 20, null),
                new ListWebhooks("anna", 100, ID),
                new GetWebhook("anna", ID),
                new UpdateWebhook("anna", ID, new WebhookSpec(null, List.of("*"), PayloadFormat.CLOUDEVENTS, "é")),
                new DeleteWebhook("anna", ID),
                new TestWebhook("anna", ID),
                new RotateWebhookSecret("anna", ID),
                new EnableWebhook("anna", ID),
                new DisableWebhook("anna", ID),
                new ListDeliveries("anna", ID, null, 20, null),
                new ListDeliveries("anna", ID, DeliveryStatus.FAILED, 1, 999_999_999_999_999_999L),
                new RedeliverDelivery("anna", ID, DELIVERY_ID),
                new RedeliverRange("anna", ID, TIME, null),
                new RedeliverRange("anna", ID, TIME, TIME.plusHours(6)),
                new GetUserSecret("anna"),
                new RotateUserSecret("anna"));
    }

    public static List<WebhookResult> results() {
        return List.of(
                ENABLED,
                DISABLED,
                new CreatedWebhook(ENABLED, SECRET),
                new DeletedWebhook(ID),
                new WebhookPage(List.of(), null),
                new WebhookPage(List.of(ENABLED, DISABLED), ID),
                SECRET,
                new SigningSecret("whsec_BBBB", TIME),
                new TestOutcome(true, 1, 204, null),
                new TestOutcome(false, 15_000, null, "TIMEOUT"),
                PENDING,
                DELIVERED,
                new DeliveryPage(List.of(PENDING), null),
                new DeliveryPage(List.of(DELIVERED, PENDING), "4711"),
                new RedeliveryCount(1000, true));
    }
}
