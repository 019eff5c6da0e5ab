package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Conditional requests for a generation: {@code 304} for a known entity tag, without a database query for ended
 * generations.
 */
@Timeout(300)
class ConditionalRequestsIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @TempDir
    Path directory;

    private static ApiResponse get(ApiClient client, String id, String ifNoneMatch) {
        return client.get("/api/generation/" + id, Map.of("If-None-Match", ifNoneMatch));
    }

    @Test
    void returnsNotModifiedForKnownEntityTag() {
        // given a running generation
        ApiClient client = service.client();
        service.aiServer().script(new JsonObject().put("hang", true));
        String id = client.create("A lighthouse");
        ApiResponse pending = Awaitility.await("the attempt")
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> client.get("/api/generation/" + id),
                        apiResponse ->
                                !apiResponse.json().getJsonArray("attempts").isEmpty());

        // then
        ApiResponse unchanged = get(client, id, "\"something else\", " + pending.header("ETag"));
        assertThat(unchanged.status()).isEqualTo(304);
        assertThat(unchanged.body()).isEmpty();
        assertThat(unchanged.header("ETag")).isEqualTo(pending.header("ETag"));

        // when the generation ends
        client.cancel(id);

        // then the new representation is returned once
        ApiResponse ended = get(client, id, pending.header("ETag"));
        assertThat(ended.status()).isEqualTo(200);
        assertThat(ended.header("ETag")).isNotEqualTo(pending.header("ETag"));
        assertThat(get(client, id, ended.header("ETag")).status()).isEqualTo(304);
        assertThat(get(client, id, "W/" + ended.header("ETag")).status()).isEqualTo(304);
        assertThat(get(client, id, "*").status()).isEqualTo(304);
    }

    @Test
    void servesEndedGenerationFromCacheWithoutDatabase() throws Exception {
        DatabaseUrl database = TestPostgres.migratedDatabase();
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                TcpProxy proxy = new TcpProxy("127.0.0.1", database.port());
                DarkroomInstance darkroomInstance = InProcessDarkroom.start(
                        directory,
                        DarkroomInstanceSettings.forTests()
                                .database(DarkroomFleet.throughProxy(proxy, database))
                                .aiServer(inProcessSimulator))) {
            // given an ended generation that was returned before
            ApiClient client = darkroomInstance.client();
            String id = client.create("A lighthouse");
            JsonObject generation = client.awaitEnd(id);
            ApiResponse before = client.get("/api/generation/" + id);

            // when
            proxy.refuseConnections();
            proxy.closeConnections();

            // then
            ApiResponse cached = client.get("/api/generation/" + id);
            assertThat(cached.json()).isEqualTo(generation);
            assertThat(cached.header("ETag")).isEqualTo(before.header("ETag"));
            assertThat(get(client, id, before.header("ETag")).status()).isEqualTo(304);
            assertThat(client.get("/api/generation?limit=1").status()).isEqualTo(503);
        }
    }
}
