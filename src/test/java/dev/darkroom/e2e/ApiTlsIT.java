package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestCertificates;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.assertj.core.api.Assertions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API over TLS. */
@Timeout(300)
class ApiTlsIT {
    @TempDir
    static Path directory;

    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance darkroomInstance;
    private static Path files;

    /** The certificate in use. */
    private static X509Certificate first;

    @BeforeAll
    static void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        files = directory.resolve("tls");
        first = TestCertificates.writeCertificate(files, "first", "EC");
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .aiServer(inProcessSimulator)
                        .with(
                                "DARKROOM_HTTP_TLS_CERT_FILE",
                                files.resolve("cert.pem").toString())
                        .with(
                                "DARKROOM_HTTP_TLS_KEY_FILE",
                                files.resolve("key.pem").toString())
                        // Also what a new connection has for its first request, on a machine that is busy.
                        .with("DARKROOM_HTTP_REQUEST_TIMEOUT", "10s")
                        .with("DARKROOM_HTTP_TLS_RELOAD", "100ms"));
    }

    @AfterAll
    static void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    /** Trusts this certificate alone. */
    private static HttpClient trusting(X509Certificate certificate, String... protocols) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("darkroom", certificate);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        HttpClient.Builder client = HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_2);
        if (protocols.length > 0) {
            client.sslParameters(new SSLParameters(null, protocols));
        }
        return client.build();
    }

    private HttpResponse<byte[]> send(HttpClient client, String method, URI uri, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
        Map<String, String> received = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        response.headers().map().forEach((name, values) -> received.put(name, values.get(0)));
        OpenApiResponseValidator.check(method, uri.getPath(), response.statusCode(), received, response.body());
        return response;
    }

    private HttpResponse<byte[]> list(HttpClient client) throws IOException, InterruptedException {
        return send(client, "GET", darkroomInstance.api().resolve("/api/generation"), null);
    }

    private static X509Certificate shown(HttpResponse<?> response) throws Exception {
        return (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
    }

    @Test
    void aPictureIsMadeAndFetchedOverHttp2() throws Exception {
        // given
        assertThat(darkroomInstance.api().getScheme()).isEqualTo("https");
        HttpClient client = trusting(first);

        // when
        HttpResponse<byte[]> made = send(
                client,
                "POST",
                darkroomInstance.api().resolve("/api/generation"),
                "{\"prompt\":\"A lighthouse\"}",
                "Content-Type",
                "application/json",
                "Prefer",
                "wait=15");

        // then
        assertThat(made.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(made.statusCode()).isEqualTo(200);
        assertThat(made.headers().firstValue("Strict-Transport-Security")).contains("max-age=31536000");
        String url = new JsonObject(new String(made.body(), java.nio.charset.StandardCharsets.UTF_8))
                .getJsonArray("imageUrls")
                .getString(0);
        assertThat(url).startsWith("https://127.0.0.1:");
        HttpResponse<byte[]> picture = send(client, "GET", URI.create(url), null);
        assertThat(picture.body()).startsWith(0x89, 'P', 'N', 'G');
        HttpResponse<byte[]> head = send(client, "HEAD", darkroomInstance.api().resolve("/api/generation"), null);
        assertThat(head.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    /** Over HTTP/2 a body that does not come to an end ends its own request, and nobody else's on that connection. */
    @Test
    void aBodyThatIsTooSlowEndsItsOwnStreamAlone() throws Exception {
        // given
        Vertx vertx = Vertx.vertx();
        HttpClientAgent client = vertx.createHttpClient(new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setUseAlpn(true)
                .setSsl(true)
                .setTrustAll(true)
                .setVerifyHost(false));
        try {
            HttpClientConnection connection = await(client.connect(new HttpConnectOptions()
                    .setHost("127.0.0.1")
                    .setPort(darkroomInstance.api().getPort())));
            // and somebody else on it who waits
            inProcessSimulator.script(new JsonObject().put("hang", true));
            String id = await(send(connection, HttpMethod.POST, "/api/generation", "{\"prompt\":\"A pier\"}")
                            .compose(HttpClientResponse::body))
                    .toJsonObject()
                    .getString("id");
            Future<HttpClientResponse> waiting = connection
                    .request(
                            new RequestOptions().setURI("/api/generation/" + id).putHeader("Prefer", "wait=25"))
                    .compose(HttpClientRequest::send);
            HttpClientRequest slow = await(connection.request(
                    new RequestOptions().setMethod(HttpMethod.POST).setURI("/api/generation")));
            CompletableFuture<StreamResetException> cutOff = new CompletableFuture<>();
            slow.exceptionHandler(error -> {
                if (error instanceof StreamResetException reset) {
                    cutOff.complete(reset);
                }
            });

            // when
            slow.putHeader("Content-Type", "application/json").setChunked(true).write("{");
            HttpClientResponse refused = await(slow.response());

            // then
            assertThat(refused.statusCode()).isEqualTo(408);
            assertThat(refused.getHeader("Connection")).isNull();
            assertThat(cutOff.get(60, TimeUnit.SECONDS).getCode()).isZero();
            assertThat(await(send(connection, HttpMethod.POST, "/api/generation/" + id + "/cancel", ""))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(await(waiting).statusCode()).isEqualTo(200);
        } finally {
            // Named here, so that it is in use until now: a client that the garbage collector finds closes its
            // connections.
            await(client.close());
            await(vertx.close());
        }
    }

    private static Future<HttpClientResponse> send(
            HttpClientConnection connection, HttpMethod method, String path, String body) {
        return connection
                .request(new RequestOptions()
                        .setMethod(method)
                        .setURI(path)
                        .putHeader("Content-Type", "application/json"))
                .compose(request -> request.send(body));
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void oldVersionsOfTlsAreNotSpoken() throws Exception {
        assertThat(list(trusting(first, "TLSv1.2")).statusCode()).isEqualTo(200);
        HttpClient old = trusting(first, "TLSv1.1");
        Assertions.assertThatThrownBy(() -> list(old)).isInstanceOf(IOException.class);
    }

    @Test
    void renewedFilesAreUsedWithoutARestart() throws Exception {
        // given a connection that is open
        HttpClient before = trusting(first);
        assertThat(shown(list(before))).isEqualTo(first);

        // when
        X509Certificate second = TestCertificates.writeCertificate(files, "second", "RSA");

        // then who comes now is shown the new one, and who was there is not sent away
        HttpResponse<byte[]> response = Awaitility.await("the new certificate")
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptionsInstanceOf(SSLException.class)
                .until(() -> list(trusting(second)), answer -> answer.statusCode() == 200);
        assertThat(shown(response)).isEqualTo(second);
        assertThat(list(before).statusCode()).isEqualTo(200);
        assertThat(shown(list(before))).isEqualTo(first);
        first = second;
    }

    @Test
    void brokenFilesAreNotUsed() throws Exception {
        // given
        int lines = darkroomInstance.log().size();

        // when the key is another's, of the same kind
        byte[] key = Files.readAllBytes(files.resolve("key.pem"));
        TestCertificates.writeCertificate(
                directory.resolve("other"), "other", first.getPublicKey().getAlgorithm());
        Files.copy(
                directory.resolve("other/key.pem"),
                files.resolve("key.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        // then
        Awaitility.await("the line")
                .atMost(Duration.ofSeconds(60))
                .until(() -> darkroomInstance.log().stream()
                        .skip(lines)
                        .anyMatch(line -> line.contains("certificate reload failed")
                                && line.contains("the key does not belong to the certificate")));
        assertThat(shown(list(trusting(first)))).isEqualTo(first);

        // and when they are whole again there is nothing to be done
        Files.write(files.resolve("key.pem"), key);
        assertThat(list(trusting(first)).statusCode()).isEqualTo(200);
    }
}
