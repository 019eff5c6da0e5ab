package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.GenerationBus;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.testing.AsyncApiMessageValidator;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Validates the events that a cluster member receives against {@code docs/asyncapi.yaml}. */
@Timeout(300)
class ClusterEventsIT {
    private static final int PORT = FreePort.find();

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_CLUSTER_ENABLED", "true")
            .with("DARKROOM_CLUSTER_PORT", String.valueOf(PORT))
            .with("DARKROOM_CLUSTER_BUS_PORT", "0"));

    @Test
    @DisplayName("The end of a generation is published as an event and as a notification")
    void publishesEndOfGeneration() {
        // given
        try (ClusterClient member = ClusterClient.join(PORT)) {
            // when
            String id = service.client().create("A lighthouse");

            // then
            Awaitility.await("events of the generation")
                    .atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> {
                        assertThat(member.events(id)).hasSize(1);
                        assertThat(member.notifications(id)).hasSize(1);
                    });
            JsonObject event = member.events(id).get(0);
            assertThat(event)
                    .isEqualTo(new JsonObject()
                            .put("version", 1)
                            .put("type", "generation.ended")
                            .put("id", id)
                            .put("user", "local")
                            .put("status", "COMPLETE"));
            AsyncApiMessageValidator.validateBusEvent(GenerationBus.EVENTS, event);
            JsonObject notification = member.notifications(id).get(0);
            assertThat(notification.getString("user")).isEqualTo("local");
            assertThat(notification.getJsonObject("notification").getString("type"))
                    .isEqualTo("generation.ended");
            AsyncApiMessageValidator.validateBusEvent(NotificationBus.EVENTS, notification);
        }
    }
}
