package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests in the variants that HTTP and JSON allow. Other variants are rejected with their name. */
class RequestVariantsIT {
    private static final byte[] BODY = "{\"prompt\":\"a lighthouse\"}".getBytes(StandardCharsets.UTF_8);

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests());

    private static ApiResponse post(byte[] body, Map<String, String> headers) {
        Map<String, String> allHeaders = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        allHeaders.put("Content-Type", "application/json");
        allHeaders.putAll(headers);
        return service.client().send("POST", "/api/generation", allHeaders, body);
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "GZIP", "br", "zstd", "identity, gzip", "x-unknown"})
    void rejectsCompressedBody(String coding) throws IOException {
        for (byte[] body : new byte[][] {gzip(BODY), BODY}) {
            ApiResponse apiResponse = post(body, Map.of("Content-Encoding", coding));

            assertProblem(apiResponse, 415, "unsupported-media-type", "/api/generation");
            assertThat(apiResponse.header("Accept-Encoding")).isEqualTo("identity");
        }
    }

    @Test
    void acceptsIdentityContentEncoding() {
        assertThat(post(BODY, Map.of("Content-Encoding", "identity")).status()).isEqualTo(202);
    }

    @ParameterizedTest
    @ValueSource(strings = {"utf8", "UTF8", "utf-8", "\"utf8\""})
    void acceptsEveryNameOfUtf8(String charset) {
        ApiResponse apiResponse = post(BODY, Map.of("Content-Type", "application/json; charset=" + charset));

        assertThat(apiResponse.status()).isEqualTo(202);
    }

    @ParameterizedTest
    @ValueSource(strings = {"latin1", "utf-16", "utf", "utf-88", ""})
    void rejectsOtherCharsets(String charset) {
        ApiResponse apiResponse = post(BODY, Map.of("Content-Type", "application/json; charset=" + charset));

        assertProblem(apiResponse, 415, "unsupported-media-type", "/api/generation");
    }

    @Test
    void acceptsByteOrderMark() {
        byte[] mark = "\ufeff".getBytes(StandardCharsets.UTF_8);
        byte[] body = new byte[mark.length + BODY.length];
        System.arraycopy(mark, 0, body, 0, mark.length);
        System.arraycopy(BODY, 0, body, mark.length, BODY.length);

        ApiResponse apiResponse = post(body, Map.of());

        assertThat(apiResponse.status()).isEqualTo(202);
        assertThat(apiResponse.json().getString("prompt")).isEqualTo("a lighthouse");
        assertProblem(post(mark, Map.of()), 400, "invalid-request", "/api/generation");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"wait=99999999999", "wait=999999999999999999999999999", "respond-async, wait=\"99999999999\""})
    void capsWaitTime(String prefer) {
        String id = service.client().create("capped");
        service.client().awaitEnd(id);

        ApiResponse apiResponse = service.client().get("/api/generation/" + id, Map.of("Prefer", prefer));

        assertThat(apiResponse.header("Preference-Applied")).matches("wait=[0-9]{1,3}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/generation",
                "/api/generation?limit=1",
                "/api/notifications",
                "/api/webhooks",
                "/api/webhook-secret",
                "/api/models",
                "/openapi.yaml"
            })
    void headReturnsHeadersOfGet(String path) {
        assertSameHead(service.client(), path);
    }

    @Test
    void headWorksForOneGeneration() {
        String id = service.client().create("head");
        service.client().awaitEnd(id);

        assertSameHead(service.client(), "/api/generation/" + id);
        String unknown = "/api/generation/01a20919-f15c-75a9-bb7a-000000000000";
        assertThat(service.client().send("HEAD", unknown, Map.of(), null).status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/health/live", "/health/ready", "/backends", "/node", "/database"})
    void headWorksOnManagementPort(String path) {
        assertSameHead(new ApiClient(service.darkroom().management()), path);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/notifications/stream", "/api/notifications/socket", "/api/notifications/ticket"})
    void rejectsHeadOfOtherOperations(String path) {
        ApiResponse apiResponse = service.client().send("HEAD", path, Map.of(), null);

        assertThat(apiResponse.status()).isEqualTo(405);
        assertThat(apiResponse.header("Allow")).doesNotContain("HEAD");
    }

    private static void assertSameHead(ApiClient client, String path) {
        ApiResponse get = client.get(path);
        ApiResponse head = client.send("HEAD", path, Map.of(), null);

        assertThat(get.status()).isEqualTo(200);
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.header("Content-Type")).isEqualTo(get.header("Content-Type"));
        assertThat(head.headers().keySet()).containsAll(get.headers().keySet());
    }

    @Test
    void rejectsPromptOfInvisibleCharacters() {
        ApiResponse apiResponse = post(
                new JsonObject().put("prompt", "\u200b\u2060").encode().getBytes(StandardCharsets.UTF_8), Map.of());

        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(apiResponse.json().getJsonArray("errors").getJsonObject(0).getString("pointer"))
                .isEqualTo("#/prompt");
    }
}
