package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.transport.RawHttp2Frames;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TableSnapshot;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are malformed outside the body: path, method, parameters, headers, and bytes that are not HTTP. */
class MalformedHttpIT {
    private static final String ID = "019a8c1e-7f3a-7c55-9d0b-3f1a2b4c5d6e";

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static List<String> rowsBefore;

    @BeforeAll
    static void start() {
        service.client().awaitEnd(service.client().create("an existing generation"));
        rowsBefore = TableSnapshot.readAllRows(service.database());
    }

    @AfterAll
    static void noRowIsChanged() {
        assertThat(TableSnapshot.readAllRows(service.database())).isEqualTo(rowsBefore);
    }

    @AfterEach
    void noInternalErrorIsLogged() {
        assertThat(service.darkroom().log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    @Test
    void rejectsHttp2WithoutTls() throws IOException {
        try (Socket socket = new Socket(
                service.darkroom().api().getHost(), service.darkroom().api().getPort())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(RawHttp2Frames.preface(0));

            // then
            byte[] response = socket.getInputStream().readNBytes(5);
            assertThat(new String(response, StandardCharsets.US_ASCII)).isEqualTo("HTTP/");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/api/generation | GET, HEAD, POST | PUT DELETE PATCH OPTIONS TRACE PROPFIND",
                "/api/generation/" + ID + " | DELETE, GET, HEAD | POST PUT PATCH OPTIONS TRACE",
                "/api/generation/" + ID + "/cancel | POST | GET HEAD PUT DELETE PATCH OPTIONS TRACE",
                "/api/generation/" + ID + "/retry | POST | GET HEAD PUT DELETE PATCH OPTIONS TRACE",
                "/images/" + ID + ".png | GET, HEAD | POST PUT DELETE PATCH OPTIONS TRACE",
                "/openapi.json | GET, HEAD | POST PUT DELETE PATCH OPTIONS TRACE",
                "/openapi.yaml | GET, HEAD | POST PUT DELETE PATCH OPTIONS TRACE",
            })
    void rejectsWrongMethod(String path, String allowed, String methods) {
        for (String method : methods.split(" ", -1)) {
            // when
            ApiResponse apiResponse =
                    RawHttpClient.sendAndRead(service.darkroom().api(), request(method, path, ""));

            // then
            assertThat(apiResponse.status()).as(method).isEqualTo(405);
            assertThat(apiResponse.header("Allow")).isEqualTo(allowed);
            if (!method.equals("HEAD")) {
                assertProblem(apiResponse, 405, "method-not-allowed", path);
                assertThat(apiResponse.json().getString("detail"))
                        .isEqualTo(method + " is not allowed; allowed: " + allowed + ".");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//",
                "/.",
                "/index.html",
                "/studio",
                "/studio/",
                "/studio//page.js",
                "/studio/./page.js",
                "/studio/../studio/page.js",
                "/studio/%2e%2e/openapi.yaml",
                "/studio/..%2fconf%2fdarkroom.yaml",
                "/studio/..%5c..%5cconf",
                "/studio/%70age.js",
                "/studio/page.js/",
                "/studio/page.js%00",
                "/studio/PAGE.js",
                "/studio/index.html",
                "/studio/nothing.js",
                "/api",
                "/api/",
                "/api/generations",
                "/API/generation",
                "/api/generation/",
                "//api/generation",
                "/api//generation",
                "/api/./generation",
                "/images/../api/generation",
                "/images/%2e%2e/api/generation",
                "/api/generation/" + ID + "/",
                "/api/generation/" + ID + "/attempts",
                "/api/generation;v=1",
                "/api/gen%65ration",
                "/images/",
                "/images/" + ID + "/x.png",
                "/openapi.yaml/",
                "/health",
                "/simulator/script",
                "/docs/guide/..",
                "/docs/guide/../..",
                "/docs/guide/%2e%2e/%2E.",
                "*",
            })
    void returnsNotFoundForUnknownPath(String path) {
        for (String method : List.of("GET", "POST", "DELETE")) {
            // when
            ApiResponse apiResponse =
                    RawHttpClient.sendAndRead(service.darkroom().api(), request(method, path, ""));

            // then
            assertProblem(apiResponse, 404, "not-found", path);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/api/generation/42, generationId must be a UUID",
        "/api/generation/%00, generationId must be a UUID",
        "/api/generation/%ff%fe, generationId must be a UUID",
        "/api/generation/..%2f..%2fetc, generationId must be a UUID",
        "/api/generation/urn:uuid:" + ID + ", generationId must be a UUID",
        "/api/generation/' OR 1=1 --, generationId must be a UUID",
        "/images/x, imageName must be an image name: an image id and the extension of its media type",
        "/images/..%2f..%2fdata.png, imageName must be an image name: an image id and the extension of its media type",
    })
    void rejectsInvalidParameter(String path, String problem) {
        // when
        String encoded = path.replace(" ", "%20");
        ApiResponse apiResponse = RawHttpClient.sendAndRead(service.darkroom().api(), request("GET", encoded, ""));

        // then
        assertProblem(apiResponse, 400, "invalid-request", encoded);
        assertThat(errorsOf(apiResponse)).containsExactly(problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/generation/%zz", "/api/generation/%", "/images/%4", "/api/generation/" + ID + "?%zz"})
    void rejectsInvalidPercentEncoding(String path) {
        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(service.darkroom().api(), request("GET", path, ""));

        // then
        assertProblem(apiResponse, 400, "invalid-request", path.replaceFirst("\\?.*", ""));
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The request is not valid HTTP.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/api/generation?cursor="})
    void rejectsTooLongUrl(String start) {
        // when
        ApiResponse apiResponse =
                RawHttpClient.sendAndRead(service.darkroom().api(), request("GET", start + "a".repeat(10_000), ""));

        // then
        assertProblem(apiResponse, 414, "request-too-large", "/");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The URL is too long.");
    }

    @Test
    void rejectsTooLargeHeaders() {
        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(
                service.darkroom().api(), request("GET", "/", "X-Long: " + "a".repeat(10_000) + "\r\n"));

        // then
        assertProblem(apiResponse, 431, "request-too-large", "/");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The headers are too large.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rubbish\r\n\r\n",
                "\u0000\u0001\u0002\r\n\r\n",
                "GET / HTTP/1.1\r\nHost darkroom.test\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: a\u0000b\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: not a host\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            })
    void rejectsBytesThatAreNotHttp(String bytes) {
        // when
        ApiResponse apiResponse =
                RawHttpClient.sendAndRead(service.darkroom().api(), bytes.getBytes(StandardCharsets.ISO_8859_1));

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The request is not valid HTTP.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "0.b_C-9", "6f1c2b7e-0a2f-4a53-9d4a-5a5a0f3f1c11"})
    void keepsValidRequestId(String id) {
        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(
                service.darkroom().api(), request("GET", "/nowhere", "X-Request-Id: " + id + "\r\n"));

        // then
        assertThat(apiResponse.header("X-Request-Id")).isEqualTo(id);
        assertThat(apiResponse.json().getString("requestId")).isEqualTo(id);
    }

    @ParameterizedTest
    @MethodSource("invalidRequestIds")
    void replacesInvalidRequestId(String id) {
        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(
                service.darkroom().api(), request("GET", "/nowhere", "X-Request-Id: " + id + "\r\n"));

        // then
        String generated = apiResponse.header("X-Request-Id");
        assertThat(UUID.fromString(generated)).hasToString(generated);
        assertThat(apiResponse.headers()).doesNotContainKeys("Set-Cookie", "X-Injected");
    }

    static Stream<String> invalidRequestIds() {
        return Stream.of(
                "",
                "two words",
                "a".repeat(129),
                "<script>",
                "a%0d%0aSet-Cookie:x=1",
                "a\r\n X-Injected: 1",
                "a\u0001b",
                "a\rSet-Cookie: x=1",
                "\u00fc",
                "${jndi:ldap://x}",
                "';--");
    }

    private static byte[] request(String method, String path, String headers) {
        return RawHttpClient.requestHead(
                method, path, "Authorization: " + service.user().authorization() + "\r\n" + headers);
    }
}
