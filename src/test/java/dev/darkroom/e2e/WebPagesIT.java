package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The static files of the pages, with authentication required and without. */
class WebPagesIT {
    private static final Path FILES = Path.of("src/main/resources/web/studio");
    private static final String IMAGES = "https://images.example.org:8443";

    private static final Map<String, String> MEDIA_TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "ico", "image/x-icon",
            "txt", "text/plain; charset=utf-8",
            "webmanifest", "application/manifest+json");

    @RegisterExtension
    static final DarkroomExtension local = new DarkroomExtension(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    static final DarkroomExtension required = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_PUBLIC_URL", IMAGES + "/darkroom"));

    @RegisterExtension
    static final DarkroomExtension disabled =
            new DarkroomExtension(DarkroomInstanceSettings.forTests().with("DARKROOM_WEB_ENABLED", "false"));

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Returns the URL paths of the files of the studio. */
    static Stream<String> paths() throws IOException {
        try (Stream<Path> files = Files.walk(FILES)) {
            return files
                    .filter(file ->
                            Files.isRegularFile(file) && !file.toString().endsWith(".d.ts"))
                    .map(file -> FILES.relativize(file).toString())
                    .map(name -> name.equals("index.html") ? "/" : "/studio/" + name)
                    .toList()
                    .stream();
        }
    }

    private static Path file(String path) {
        return FILES.resolve(path.equals("/") ? "index.html" : path.substring("/studio/".length()));
    }

    private HttpResponse<byte[]> send(DarkroomExtension service, String method, String path, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(service.darkroom().api() + path))
                .method(method, BodyPublishers.noBody());
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return http.send(request.build(), BodyHandlers.ofByteArray());
    }

    private static String header(HttpResponse<?> response, String name) {
        return String.join(", ", response.headers().allValues(name));
    }

    @ParameterizedTest
    @MethodSource("paths")
    void everyFileHasItsBytesAndHeaders(String path) throws Exception {
        // when
        HttpResponse<byte[]> response = send(local, "GET", path);

        // then
        String name = file(path).getFileName().toString();
        assertThat(response.statusCode()).isEqualTo(200);
        if (!path.equals("/")) {
            assertThat(response.body()).isEqualTo(Files.readAllBytes(file(path)));
        }
        assertThat(header(response, "Content-Type"))
                .isEqualTo(MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1)));
        assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(response, "ETag")).matches("\"[A-Za-z0-9_-]{22}\"");
        assertThat(header(response, "Vary")).isEqualTo("accept-encoding");
        assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(response, "X-Frame-Options")).isEqualTo("DENY");
        assertThat(header(response, "Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(header(response, "Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
        assertThat(header(response, "X-Request-Id")).isNotEmpty();
        assertThat(header(response, "RateLimit")).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("paths")
    void everyFileIsSentCompressedAndOnlyOnce(String path) throws Exception {
        // given
        HttpResponse<byte[]> plain = send(local, "GET", path);
        HttpResponse<byte[]> zipped = send(local, "GET", path, "Accept-Encoding", "gzip, deflate, br");

        // when
        HttpResponse<byte[]> again =
                send(local, "GET", path, "Accept-Encoding", "gzip", "If-None-Match", header(zipped, "ETag"));
        HttpResponse<byte[]> head = send(local, "HEAD", path, "Accept-Encoding", "gzip");

        // then
        if (header(zipped, "Content-Encoding").equals("gzip")) {
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped.body()))) {
                assertThat(in.readAllBytes()).isEqualTo(plain.body());
            }
        } else {
            assertThat(path).doesNotEndWith(".js").doesNotEndWith(".css").doesNotEndWith(".svg");
        }
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(header(head, "Content-Length")).isEqualTo(String.valueOf(zipped.body().length));
    }

    @Test
    @DisplayName("all files of the studio together have less than 200 kB when compressed")
    void studioIsSmall() throws Exception {
        long bytes = 0;
        for (String path : paths().toList()) {
            bytes += send(local, "GET", path, "Accept-Encoding", "gzip").body().length;
        }
        assertThat(bytes).isPositive().isLessThan(200_000);
    }

    @Test
    void pageHasAStrictPolicy() throws Exception {
        HttpResponse<byte[]> response = send(local, "GET", "/");

        assertThat(header(response, "Content-Security-Policy"))
                .isEqualTo("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: "
                        + local.darkroom().api()
                        + "; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri"
                        + " 'none'; form-action 'none'; frame-ancestors 'none'");
        assertThat(header(response, "Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
        assertThat(header(response, "Permissions-Policy")).contains("camera=()", "microphone=()", "geolocation=()");
    }

    @Test
    void imagesMayComeFromThePublicUrl() throws Exception {
        assertThat(header(send(required, "GET", "/"), "Content-Security-Policy"))
                .contains("img-src 'self' data: blob: " + IMAGES + ";");
    }

    @Test
    void scriptOpenedAsPageMayDoNothing() throws Exception {
        assertThat(header(send(local, "GET", "/studio/page.js"), "Content-Security-Policy"))
                .isEqualTo("default-src 'none'; frame-ancestors 'none'");
    }

    @Test
    void pageNamesTheAuthenticationMode() throws Exception {
        String localPage = new String(send(local, "GET", "/").body(), StandardCharsets.UTF_8);
        String requiredPage = new String(send(required, "GET", "/").body(), StandardCharsets.UTF_8);

        assertThat(localPage).contains("data-auth=\"local\"").doesNotContain("{{");
        assertThat(requiredPage).contains("data-auth=\"required\"").doesNotContain("{{");
    }

    @ParameterizedTest
    @MethodSource("paths")
    void pagesNeedNoCredentials(String path) throws Exception {
        assertThat(send(required, "GET", path).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"/", "/studio/page.js"})
    void pagesCannotBeChanged(String path) throws Exception {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS")) {
            HttpResponse<byte[]> response = send(local, method, path);

            assertThat(response.statusCode()).as(method).isEqualTo(405);
            assertThat(header(response, "Allow")).isEqualTo("GET, HEAD");
            assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
        }
    }

    @Test
    void localUserIsAdminOfAServiceForThisMachine() throws Exception {
        assertThat(new JsonObject(Buffer.buffer(send(local, "GET", "/api/user").body())))
                .isEqualTo(new JsonObject().put("name", "local").put("admin", true));
        assertThat(send(local, "GET", "/api/backends").statusCode()).isEqualTo(200);
    }

    @Test
    void dataNeedsCredentials() throws Exception {
        assertThat(send(required, "GET", "/api/user").statusCode()).isEqualTo(401);
        assertThat(send(required, "GET", "/api/generation").statusCode()).isEqualTo(401);
    }

    @Test
    void disabledPagesDoNotExist() throws Exception {
        assertThat(send(disabled, "GET", "/").statusCode()).isEqualTo(404);
        assertThat(send(disabled, "GET", "/studio/page.js").statusCode()).isEqualTo(404);
        assertThat(send(disabled, "GET", "/api/generation").statusCode()).isEqualTo(200);
        assertThat(send(disabled, "GET", "/openapi.json").statusCode()).isEqualTo(200);
    }
}
