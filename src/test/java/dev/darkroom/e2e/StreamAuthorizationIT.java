package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Authorization of streams: credentials, tickets, limits and revocation. Each test has its own user. */
@Timeout(300)
class StreamAuthorizationIT {
    private static final String STREAM = "/api/notifications/stream";
    /** The default of {@code streams.perUser}. */
    private static final int PER_USER = 20;

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private final String user = "user-" + UUID.randomUUID();
    private final ApiKey key = key(user, Role.USER);
    private final ApiClient client = service.anonymous().withKey(key.secret());

    private static ApiKey key(String user, Role role) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal(user, role), null);
        }
        return key;
    }

    private String ticket() {
        ApiClient.ApiResponse apiResponse = client.send("POST", "/api/notifications/ticket", Map.of(), null);
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(201);
        return apiResponse.json().getString("ticket");
    }

    private static SseClient open(String path) {
        return SseClient.open(service.anonymous().base(), path, Map.of());
    }

    private SseClient openWithKey() {
        SseClient stream =
                SseClient.open(service.anonymous().base(), STREAM, Map.of("Authorization", "Bearer " + key.secret()));
        stream.await("the first frame", frames -> !frames.isEmpty());
        return stream;
    }

    private static String awaitByeReason(SseClient stream) {
        String reason = new JsonObject(stream.awaitEvent("close").data()).getString("reason");
        stream.awaitEnd();
        return reason;
    }

    private static void updateTicket(String ticket, String assignment) {
        TestPostgres.execute(
                service.database(),
                "UPDATE stream_tickets SET " + assignment + " WHERE hash = encode(sha256('" + ticket + "'), 'hex')");
    }

    @Test
    void ticketOpensStreamsOfItsUserAndIsNotLogged() {
        // given
        String ticket = ticket();

        // when
        try (SseClient stream = open(STREAM + "?ticket=" + ticket)) {
            String id = client.create("A lighthouse");

            // then
            assertThat(new JsonObject(stream.awaitEvent("notification").data())
                            .getJsonObject("data")
                            .getString("generationId"))
                    .isEqualTo(id);
            try (SseClient events = open("/api/generation/" + id + "/events?ticket=" + ticket())) {
                events.awaitEnd();
                assertThat(events.status()).isEqualTo(200);
            }
            assertThat(stream.reconnect().status()).isEqualTo(200);
        }
        assertThat(service.darkroom().log()).noneMatch(line -> line.contains(ticket));
        assertThat(TestPostgres.query(service.database(), "SELECT t::text FROM stream_tickets t"))
                .isNotEmpty()
                .noneMatch(row -> row.contains(ticket));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "dt_9oVqv0m3sQe7oZrH2m1yU0u5m0c8m5m3r1sJ4k2tXwA", "dt_%00", "dk_0123"})
    void rejectsInvalidTicket(String ticket) {
        try (SseClient stream = open(STREAM + "?ticket=" + ticket)) {
            assertThat(stream.status()).isEqualTo(401);
            assertThat(stream.jsonBody().getString("instance")).isEqualTo(STREAM);
        }
    }

    @Test
    void ticketExpiresAndWorksForStreamsOnly() {
        // given
        String expired = ticket();
        updateTicket(expired, "expires_at = now() - interval '1 ms'");
        String other = ticket();
        String withExpiredCredential = ticket();
        updateTicket(withExpiredCredential, "credential_expires_at = now() - interval '1 ms'");
        String forForeignGeneration = ticket();
        String foreignGeneration = service.anonymous()
                .withKey(key("alice-" + user, Role.USER).secret())
                .create("A lighthouse");

        // then
        assertThat(open(STREAM + "?ticket=" + expired).status()).isEqualTo(401);
        assertThat(open(STREAM + "?ticket=" + withExpiredCredential).status()).isEqualTo(401);
        assertThat(service.anonymous().get("/api/generation?ticket=" + other).status())
                .isEqualTo(401);
        assertThat(service.anonymous()
                        .send("POST", "/api/notifications/ticket?ticket=" + other, Map.of(), null)
                        .status())
                .isEqualTo(401);
        assertThat(open("/api/generation/" + foreignGeneration + "/events?ticket=" + forForeignGeneration)
                        .status())
                .isEqualTo(404);
    }

    @Test
    void ticketOfAdminHasUserRights() {
        // given
        String id = client.create("A lighthouse");
        String ticket = service.anonymous()
                .withKey(key("root-" + user, Role.ADMIN).secret())
                .send("POST", "/api/notifications/ticket", Map.of(), null)
                .json()
                .getString("ticket");

        // then
        assertThat(open("/api/generation/" + id + "/events?ticket=" + ticket).status())
                .isEqualTo(404);
    }

    @Test
    void reusedTicketClosesPreviousStream() {
        // given
        String ticket = ticket();
        SseClient first = open(STREAM + "?ticket=" + ticket);

        // when
        try (SseClient second = open(STREAM + "?ticket=" + ticket)) {

            // then
            assertThat(awaitByeReason(first)).isEqualTo("UNAUTHORIZED");
            assertThat(second.isOpen()).isTrue();
        }
    }

    @Test
    void revokedKeyEndsItsStreamsAndTickets() {
        // given
        String ticket = ticket();
        String unused = ticket();
        SseClient stream = openWithKey();
        SseClient withTicket = open(STREAM + "?ticket=" + ticket);
        withTicket.await("the first frame", frames -> !frames.isEmpty());

        // when
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.revoke(key.id());
        }

        // then
        assertThat(awaitByeReason(stream)).isEqualTo("UNAUTHORIZED");
        assertThat(awaitByeReason(withTicket)).isEqualTo("UNAUTHORIZED");
        assertThat(withTicket.reconnect().status()).isEqualTo(401);
        assertThat(open(STREAM + "?ticket=" + unused).status()).isEqualTo(401);
        assertThat(service.darkroom().log())
                .anyMatch(line -> line.contains("audit: stream closed") && line.contains("user=" + user));
    }

    @Test
    void closesOldestStreamAboveLimit() {
        // given
        List<SseClient> streams = new ArrayList<>();
        for (int i = 0; i < PER_USER; i++) {
            streams.add(openWithKey());
        }

        // when
        streams.add(openWithKey());

        // then
        assertThat(awaitByeReason(streams.get(0))).isEqualTo("TOO_MANY_STREAMS");
        for (SseClient stream : streams.subList(1, PER_USER + 1)) {
            assertThat(stream.isOpen()).isTrue();
            stream.close();
        }
    }
}
