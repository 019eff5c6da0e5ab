package dev.darkroom.notification;

import dev.darkroom.notification.NotificationCommand.AcknowledgeNotifications;
import dev.darkroom.notification.NotificationCommand.ListNotifications;
import dev.darkroom.notification.NotificationCommand.MarkNotificationRead;
import dev.darkroom.notification.NotificationResult.Acknowledgement;
import dev.darkroom.notification.NotificationResult.InboxPage;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/** Commands on notifications and results of them, at least one of each type. */
public final class NotificationCommandSamples {
    private static final UUID ID = UUID.fromString("01a209f3-5c1e-7b8a-9c55-2f6d1a0b7e44");
    private static final NotificationCursor CURSOR = new NotificationCursor("7f3a2b9c", 17);
    private static final Notification READ = notification(ID, OffsetDateTime.parse("2026-11-23T18:05:00.000001Z"));
    private static final Notification UNREAD = notification(null, null);

    private NotificationCommandSamples() {}

    private static Notification notification(UUID generationId, OffsetDateTime readAt) {
        return new Notification(
                ID,
                "anna",
                17,
                Notification.GENERATION_ENDED,
                generationId,
                OffsetDateTime.parse("2026-11-23T18:02:11.482913Z"),
                readAt,
                new JsonObject()
                        .put("status", "FAILED")
                        .put("failedAttempts", 1)
                        .put("error", new JsonObject().put("code", "MODERATED")));
    }

    public static List<NotificationCommand<?>> commands() {
        return List.of(
                new ListNotifications("anna", null, 20),
                new ListNotifications("anna", CURSOR, 100),
                new AcknowledgeNotifications("anna", 9_007_199_254_740_991L, null),
                new AcknowledgeNotifications("anna", 1, "phone"),
                new MarkNotificationRead("anna", ID));
    }

    public static List<NotificationResult> results() {
        return List.of(
                READ,
                UNREAD,
                new InboxPage(List.of(), CURSOR, false, 0, StreamResetReason.EXPIRED),
                new InboxPage(List.of(READ, UNREAD), CURSOR, true, 3, null),
                new Acknowledgement(17, 18, 1));
    }
}
