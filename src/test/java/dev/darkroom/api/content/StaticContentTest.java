package dev.darkroom.api.content;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticContentTest {
    private static final String TEXT = "export const darkroom = 'darkroom';\n".repeat(5_000);
    private static final byte[] INCOMPRESSIBLE = {1, 2, 3};

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private URI server;

    @BeforeEach
    void listen() throws Exception {
        Router router = Router.router(vertx);
        StaticContent text = StaticContent.of("text/javascript", TEXT);
        StaticContent binary = StaticContent.of("image/png", INCOMPRESSIBLE);
        router.route("/text").handler(context -> {
            context.response().putHeader("Vary", "origin");
            text.send(context);
        });
        router.route("/binary").handler(binary::send);
        HttpServer listening = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        server = URI.create("http://127.0.0.1:" + listening.actualPort());
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return http.send(request.build(), BodyHandlers.ofByteArray());
    }

    private static String header(HttpResponse<?> response, String name) {
        return String.join(", ", response.headers().allValues(name));
    }

    private static String unzip(byte[] bytes) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void sendsTheDocumentUnchangedWithoutAcceptEncoding() throws Exception {
        HttpResponse<byte[]> response = get("/text");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo(TEXT);
        assertThat(header(response, "Content-Type")).isEqualTo("text/javascript");
        assertThat(header(response, "Content-Encoding")).isEmpty();
        assertThat(header(response, "Content-Length")).isEqualTo(String.valueOf(TEXT.length()));
        assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(response, "Vary")).isEqualTo("origin, accept-encoding");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br, gzip", "deflate, GZIP;q=0.5", "gzip;q=1.0, identity; q=0.5, *;q=0"})
    void compressesForClientsThatAcceptGzip(String acceptEncoding) throws Exception {
        HttpResponse<byte[]> response = get("/text", "Accept-Encoding", acceptEncoding);

        assertThat(header(response, "Content-Encoding")).isEqualTo("gzip");
        assertThat(unzip(response.body())).isEqualTo(TEXT);
        assertThat(response.body().length).isLessThan(TEXT.length() / 10);
        assertThat(header(response, "Content-Length")).isEqualTo(String.valueOf(response.body().length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "br", "gzip;q=0", "x-gzip", ""})
    void doesNotCompressForOthers(String acceptEncoding) throws Exception {
        assertThat(header(get("/text", "Accept-Encoding", acceptEncoding), "Content-Encoding"))
                .isEmpty();
    }

    @Test
    void doesNotCompressWhatCompressionMakesLarger() throws Exception {
        HttpResponse<byte[]> response = get("/binary", "Accept-Encoding", "gzip");

        assertThat(response.body()).isEqualTo(INCOMPRESSIBLE);
        assertThat(header(response, "Content-Encoding")).isEmpty();
        assertThat(header(response, "Vary")).isEqualTo("accept-encoding");
    }

    @ParameterizedTest
    @CsvSource({"gzip", "identity"})
    void respondsWith304ToTheTagOfTheSameForm(String acceptEncoding) throws Exception {
        // given
        HttpResponse<byte[]> first = get("/text", "Accept-Encoding", acceptEncoding);
        String etag = header(first, "ETag");

        // when
        HttpResponse<byte[]> second = get("/text", "Accept-Encoding", acceptEncoding, "If-None-Match", etag);

        // then
        assertThat(etag).matches("\"[A-Za-z0-9_-]{22}\"");
        assertThat(second.statusCode()).isEqualTo(304);
        assertThat(second.body()).isEmpty();
        assertThat(header(second, "ETag")).isEqualTo(etag);
        assertThat(header(second, "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(second, "Vary")).isEqualTo("origin, accept-encoding");
        assertThat(header(second, "Content-Type")).isEmpty();
    }

    @Test
    void formsHaveDifferentTags() throws Exception {
        String identity = header(get("/text"), "ETag");
        String gzip = header(get("/text", "Accept-Encoding", "gzip"), "ETag");

        assertThat(identity).isNotEqualTo(gzip);
        assertThat(get("/text", "Accept-Encoding", "gzip", "If-None-Match", identity)
                        .statusCode())
                .isEqualTo(200);
        assertThat(get("/text", "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
    }

    @Test
    void headHasTheHeadersOfGet() throws Exception {
        HttpResponse<byte[]> get = get("/text", "Accept-Encoding", "gzip");

        HttpResponse<byte[]> head = http.send(
                HttpRequest.newBuilder(server.resolve("/text"))
                        .method("HEAD", HttpRequest.BodyPublishers.noBody())
                        .header("Accept-Encoding", "gzip")
                        .build(),
                BodyHandlers.ofByteArray());

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().map()).isEqualTo(get.headers().map());
        assertThat(head.body()).isEmpty();
    }
}
