package dev.darkroom.notification;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Immutability of notifications. */
class NotificationTest {

    @Test
    void doesNotShareItsData() {
        // given
        JsonObject data = new JsonObject().put("status", "COMPLETE");
        OffsetDateTime createdAt = OffsetDateTime.parse("2026-11-23T18:02:11.482Z");
        Notification notification = new Notification(UUID.randomUUID(), "anna", 1, "a.b", null, createdAt, null, data);

        // when
        data.clear();
        notification.data().clear();
        NotificationPresenter.toJson(notification).getJsonObject("data").clear();

        // then
        assertThat(notification.data()).isEqualTo(new JsonObject().put("status", "COMPLETE"));
    }
}
