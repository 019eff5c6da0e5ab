package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The documentation pages over HTTP. {@code DocumentationSiteTest} checks their contents. */
class DocumentationPagesIT {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"#]*)[\"#]");

    @RegisterExtension
    static final DarkroomExtension required =
            new DarkroomExtension(DarkroomInstanceSettings.forTests().with("DARKROOM_AUTH", "required"));

    @RegisterExtension
    static final DarkroomExtension disabled =
            new DarkroomExtension(DarkroomInstanceSettings.forTests().with("DARKROOM_WEB_ENABLED", "false"));

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static HttpRequest request(DarkroomExtension service, String method, String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(service.darkroom().api() + path))
                .method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        return http.send(request(required, "GET", path, headers), BodyHandlers.ofByteArray());
    }

    private String text(String path) throws Exception {
        HttpResponse<byte[]> response = get(path);
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static byte[] unzip(byte[] bytes) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/docs, text/html; charset=utf-8",
        "/docs/events, text/html; charset=utf-8",
        "/docs/guide, text/html; charset=utf-8",
        "/docs/guide/retries, text/html; charset=utf-8",
        "/docs/guide/backends, text/html; charset=utf-8",
        "/docs/guide/backends/openai, text/html; charset=utf-8",
        "/docs/guide/diagrams/components.svg, image/svg+xml",
        "/docs/guide/mountains.png, image/png",
        "/docs/asyncapi.yaml, application/yaml",
        "/docs/schemas/notifications.schema.json, application/json",
        "/docs/assets/site.css, text/css; charset=utf-8",
        "/docs/assets/swagger-ui-bundle.js, text/javascript; charset=utf-8",
        "/docs/assets/search-index.json, application/json"
    })
    void servesDocumentsWithoutCredentialsAndRevalidatesThem(String path, String mediaType) throws Exception {
        HttpResponse<byte[]> identity = get(path);
        HttpResponse<byte[]> gzip = get(path, "Accept-Encoding", "gzip");
        String etag = identity.headers().firstValue("ETag").orElseThrow();
        HttpResponse<byte[]> unchanged = get(path, "If-None-Match", etag);

        assertThat(identity.statusCode()).isEqualTo(200);
        assertThat(identity.headers().firstValue("Content-Type")).contains(mediaType);
        assertThat(identity.headers().firstValue("Cache-Control")).contains("no-cache");
        boolean isCompressed = gzip.headers().firstValue("Content-Encoding").isPresent();
        // Compression makes a picture hardly smaller.
        assertThat(isCompressed || mediaType.equals("image/png")).isTrue();
        assertThat(isCompressed ? unzip(gzip.body()) : gzip.body()).isEqualTo(identity.body());
        assertThat(unchanged.statusCode()).isEqualTo(304);
        assertThat(unchanged.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs", "/docs/events", "/docs/guide", "/docs/guide/tour", "/docs/guide/no-such-page"})
    void pagesForbidInlineCodeAndOtherOrigins(String path) throws Exception {
        HttpResponse<byte[]> response = get(path, "Accept", "text/html");

        String policy = response.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy)
                .contains("default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';")
                .doesNotContain("unsafe");
    }

    @Test
    void answersHeadWithoutBody() throws Exception {
        HttpResponse<byte[]> response =
                http.send(request(required, "HEAD", "/docs/guide/tour"), BodyHandlers.ofByteArray());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
        assertThat(response.headers().firstValue("ETag")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs/guide/no-such-page", "/docs/guide/backends/no-such-page", "/docs/assets/none.js"})
    void unknownPagesAreHtmlForBrowsersAndProblemsForPrograms(String path) throws Exception {
        HttpResponse<byte[]> browser = get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        HttpResponse<byte[]> again = get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        HttpResponse<byte[]> program = get(path, "Accept", "*/*");

        assertThat(again.statusCode()).isEqualTo(404);
        assertThat(again.body()).isEqualTo(browser.body());
        assertThat(browser.statusCode()).isEqualTo(404);
        assertThat(browser.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(new String(browser.body(), StandardCharsets.UTF_8)).contains("Page not found", "docs/guide\"");
        assertThat(program.statusCode()).isEqualTo(404);
        assertThat(program.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs", "/docs/events", "/docs/guide", "/docs/guide/tour", "/docs/guide/backends/fal"})
    void redirectsAUrlWithASlashAtItsEnd(String path) throws Exception {
        HttpResponse<byte[]> redirect = get(path + "/", "Accept", "text/html");
        String location = redirect.headers().firstValue("Location").orElseThrow();

        assertThat(redirect.statusCode()).isEqualTo(308);
        assertThat(redirect.uri().resolve(location).getPath()).isEqualTo(path);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs/guide/no-such-page/", "/docs//", "/docs/guide/../"})
    void redirectsToNoUnknownPage(String path) throws Exception {
        assertThat(get(path, "Accept", "text/html").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs", "/docs/events", "/docs/guide", "/docs/guide/about", "/docs/guide/backends/fal"})
    void everyLinkOfAPageIsServed(String path) throws Exception {
        Set<String> targets = new TreeSet<>();
        LINK.matcher(text(path)).results().forEach(found -> {
            String link = found.group(1);
            if (!link.isEmpty() && !link.matches("[a-z]+:.*")) {
                targets.add(URI.create(path).resolve(link).toString());
            }
        });

        assertThat(targets)
                .hasSizeGreaterThan(10)
                .allSatisfy(target ->
                        assertThat(get(target).statusCode()).as(target).isEqualTo(200));
    }

    @Test
    void searchIndexContainsTermsOfTheDocumentation() throws Exception {
        JsonObject index = new JsonObject(text("/docs/assets/search-index.json"));

        assertThat(index.encode())
                .contains("circuit breaker", "Idempotency-Key", "DARKROOM_BACKEND_URL", "fencing token");
    }

    @Test
    void concurrentFirstRequestsReceiveTheSamePage() throws Exception {
        // No other test requests this page.
        String path = "/docs/guide/decisions/0041-typed-commands-by-reference";
        List<CompletableFuture<HttpResponse<String>>> responses = Stream.generate(
                        () -> http.sendAsync(request(required, "GET", path), BodyHandlers.ofString()))
                .limit(8)
                .toList();

        for (CompletableFuture<HttpResponse<String>> response : responses) {
            assertThat(response.get().statusCode()).isEqualTo(200);
            assertThat(response.get().body()).isEqualTo(responses.get(0).get().body());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs", "/docs/events", "/docs/guide", "/docs/asyncapi.yaml"})
    void servesNothingWhenThePagesAreDisabled(String path) throws Exception {
        HttpResponse<byte[]> response = http.send(request(disabled, "GET", path), BodyHandlers.ofByteArray());

        assertThat(response.statusCode()).isEqualTo(404);
    }
}
