package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /simulator/*} on the port of the API, which are no operations of the contract. */
class SimulatorPathsIT {
    private static final String SCRIPT = "{\"steps\":[{\"status\":500,\"times\":1}]}";

    @TempDir
    static Path directory;

    private static DarkroomInstance local;

    private static DarkroomInstance start(String name, String setting, String value) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomInstanceSettings.forTests()
                        .smallProcess()
                        .database(TestPostgres.migratedDatabase())
                        .with(setting, value));
    }

    @BeforeAll
    static void start() throws IOException {
        local = start("local", "DARKROOM_AUTH", "local");
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private record Response(int status, String head, String body) {
        JsonObject json() {
            return new JsonObject(body);
        }
    }

    @AfterEach
    void clear() throws IOException {
        send(local, "DELETE", "/simulator/script", "", "");
        send(local, "DELETE", "/simulator/requests", "", "");
    }

    private static Response send(DarkroomInstance service, String method, String path, String headers, String body)
            throws IOException {
        URI api = service.api();
        String host = headers.contains("Host:") ? "" : "Host: localhost\r\n";
        try (Socket socket = new Socket(api.getHost(), api.getPort())) {
            socket.getOutputStream()
                    .write((method + " " + path + " HTTP/1.1\r\n" + host + headers
                                    + "Connection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.UTF_8));
            String text = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int end = text.indexOf("\r\n\r\n");
            return new Response(
                    Integer.parseInt(text.substring(9, 12)), text.substring(0, end), text.substring(end + 4));
        }
    }

    private static Response get(String path) throws IOException {
        return send(local, "GET", path, "", "");
    }

    @Test
    void replacesReadsAndDeletesTheScript() throws IOException {
        assertThat(send(local, "PUT", "/simulator/script", "", SCRIPT).status()).isEqualTo(200);
        assertThat(get("/simulator/script").json().getJsonArray("steps")).hasSize(1);
        assertThat(send(local, "DELETE", "/simulator/script", "", "").status()).isEqualTo(204);
        assertThat(get("/simulator/script").json().getJsonArray("steps")).isEmpty();
    }

    @Test
    void scriptAppliesToTheNextGeneration() throws IOException {
        // given
        send(local, "PUT", "/simulator/script", "", SCRIPT);

        // when
        JsonObject generation = local.client().awaitEnd(local.client().create("A lighthouse"));

        // then
        JsonArray attempts = generation.getJsonArray("attempts");
        assertThat(attempts.getJsonObject(0).getString("outcome")).isEqualTo("RETRYABLE");
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
        assertThat(get("/simulator/requests").body()).contains("A lighthouse");
    }

    @Test
    void passesOnTheErrorOfAnInvalidScript() throws IOException {
        Response response = send(local, "PUT", "/simulator/script", "", "{\"steps\":[{\"nothing\":true}]}");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.head()).containsIgnoringCase("content-type: application/json");
    }

    @Test
    void headHasNoBody() throws IOException {
        Response response = send(local, "HEAD", "/simulator/script", "", "");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
    }

    @Test
    void rejectsLargeScript() throws IOException {
        assertThat(send(local, "PUT", "/simulator/script", "", " ".repeat(300_000))
                        .status())
                .isEqualTo(413);
    }

    @ParameterizedTest
    @CsvSource({
        "/simulator/script, POST, 405",
        "/simulator/requests, PUT, 405",
        "/simulator, GET, 404",
        "/simulator/, GET, 404",
        "/simulator/script/, GET, 404",
        "/simulator/../v1/models, GET, 404",
        "/simulator/other, GET, 404"
    })
    void forwardsOnlyTheControlPaths(String path, String method, int status) throws IOException {
        assertThat(send(local, method, path, "", "").status()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: https://evil.example\r\n",
                "Origin: http://localhost:3000\r\nSec-Fetch-Site: same-site\r\n",
                "Origin: null\r\n",
                "Sec-Fetch-Site: cross-site\r\n",
                "Sec-Fetch-Site: same-site\r\n"
            })
    void pageOfAnotherOriginCannotChangeTheScript(String headers) throws IOException {
        assertThat(send(local, "PUT", "/simulator/script", headers, SCRIPT).status())
                .isEqualTo(403);
        assertThat(send(local, "DELETE", "/simulator/script", headers, "").status())
                .isEqualTo(403);
        assertThat(send(local, "DELETE", "/simulator/requests", headers, "").status())
                .isEqualTo(403);
        assertThat(get("/simulator/script").json().getJsonArray("steps")).isEmpty();
    }

    @Test
    void ownPageChangesTheScript() throws IOException {
        URI api = local.api();
        String headers = "Host: " + api.getAuthority() + "\r\nOrigin: " + api + "\r\nSec-Fetch-Site: same-origin\r\n";

        assertThat(send(local, "PUT", "/simulator/script", headers, SCRIPT).status())
                .isEqualTo(200);
    }

    @Test
    void reboundHostReadsAndChangesNothing() throws IOException {
        String host = "Host: evil.example\r\n";

        assertThat(send(local, "GET", "/simulator/requests", host, "").status()).isEqualTo(421);
        assertThat(send(local, "PUT", "/simulator/script", host, SCRIPT).status())
                .isEqualTo(421);
    }

    @Test
    void namesTheSimulatorInThePage() throws IOException {
        assertThat(get("/").body()).contains("data-simulator=\"true\"");
    }

    @ParameterizedTest
    @CsvSource({
        "DARKROOM_AUTH, required",
        "DARKROOM_PUBLIC_URL, https://images.example.org",
        "DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE, true",
        "DARKROOM_HTTP_ALLOWED_HOSTS, images.example.org",
        "DARKROOM_HTTP_CORS_ORIGINS, *",
        "DARKROOM_BACKEND_URL, http://127.0.0.1:9/v1"
    })
    void pathsDoNotExistWhereOthersMayReachTheServiceOrWithoutSimulator(String setting, String value)
            throws IOException {
        try (DarkroomInstance service = start(setting, setting, value)) {
            assertThat(send(service, "GET", "/simulator/script", "", "").status())
                    .isEqualTo(404);
            assertThat(send(service, "PUT", "/simulator/script", "", SCRIPT).status())
                    .isEqualTo(404);
            assertThat(send(service, "GET", "/simulator/requests", "", "").status())
                    .isEqualTo(404);
            assertThat(send(service, "GET", "/", "", "").body()).contains("data-simulator=\"false\"");
        }
    }
}
