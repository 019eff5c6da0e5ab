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
    private static Path certificateDirectory;

    /** The certificate that the server uses. */
    private static X509Certificate currentCertificate;

    @BeforeAll
    static void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        certificateDirectory = directory.resolve("tls");
        currentCertificate = TestCertificates.writeCertificate(certificateDirectory, "first", "EC");
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .aiServer(inProcessSimulator)
                        .with(
                                "DARKROOM_HTTP_TLS_CERT_FILE",
                                certificateDirectory.resolve("cert.pem").toString())
                        .with(
                                "DARKROOM_HTTP_TLS_KEY_FILE",
                                certificateDirectory.resolve("key.pem").toString())
                        // The timeout also covers the first request of a new connection, on a busy machine.
                        .with("DARKROOM_HTTP_REQUEST_TIMEOUT", "10s")
                        .with("DARKROOM_HTTP_TLS_RELOAD_INTERVAL", "100ms"));
    }

    @AfterAll
    static void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    /** Returns a client that trusts this certificate alone. */
    private static HttpClient clientTrusting(X509Certificate certificate, String... protocols) throws Exception {
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

    private static X509Certificate certificateOf(HttpResponse<?> response) throws Exception {
        return (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
    }

    @Test
    void generatesAndDownloadsImageOverHttp2() throws Exception {
        // given
        assertThat(darkroomInstance.api().getScheme()).isEqualTo("https");
        HttpClient client = clientTrusting(currentCertificate);

        // when
        HttpResponse<byte[]> created = send(
                client,
                "POST",
                darkroomInstance.api().resolve("/api/generation"),
                "{\"prompt\":\"A lighthouse\"}",
                "Content-Type",
                "application/json",
                "Prefer",
                "wait=15");

        // then
        assertThat(created.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(created.statusCode()).isEqualTo(200);
        assertThat(created.headers().firstValue("Strict-Transport-Security")).contains("max-age=31536000");
        String url = new JsonObject(new String(created.body(), java.nio.charset.StandardCharsets.UTF_8))
                .getJsonArray("imageUrls")
                .getString(0);
        assertThat(url).startsWith("https://127.0.0.1:");
        HttpResponse<byte[]> image = send(client, "GET", URI.create(url), null);
        assertThat(image.body()).startsWith(0x89, 'P', 'N', 'G');
        HttpResponse<byte[]> range = send(client, "GET", URI.create(url), null, "Range", "bytes=1-3");
        assertThat(range.statusCode()).isEqualTo(206);
        assertThat(range.body()).containsExactly('P', 'N', 'G');
        HttpResponse<byte[]> head = send(client, "HEAD", darkroomInstance.api().resolve("/api/generation"), null);
        assertThat(head.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    /** Over HTTP/2 the timeout of a request body resets that stream alone; other streams of the connection continue. */
    @Test
    void resetsOnlyTheStreamOfASlowBody() throws Exception {
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
            // and another request that waits on the same connection
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
            CompletableFuture<StreamResetException> streamReset = new CompletableFuture<>();
            slow.exceptionHandler(error -> {
                if (error instanceof StreamResetException reset) {
                    streamReset.complete(reset);
                }
            });

            // when
            slow.putHeader("Content-Type", "application/json").setChunked(true).write("{");
            HttpClientResponse rejected = await(slow.response());

            // then
            assertThat(rejected.statusCode()).isEqualTo(408);
            assertThat(rejected.getHeader("Connection")).isNull();
            assertThat(streamReset.get(60, TimeUnit.SECONDS).getCode()).isZero();
            assertThat(await(send(connection, HttpMethod.POST, "/api/generation/" + id + "/cancel", ""))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(await(waiting).statusCode()).isEqualTo(200);
        } finally {
            // Keeps the client reachable: a client that the garbage collector finds closes its connections.
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
    void rejectsOldTlsVersions() throws Exception {
        assertThat(list(clientTrusting(currentCertificate, "TLSv1.2")).statusCode())
                .isEqualTo(200);
        HttpClient old = clientTrusting(currentCertificate, "TLSv1.1");
        Assertions.assertThatThrownBy(() -> list(old)).isInstanceOf(IOException.class);
    }

    @Test
    void usesRenewedCertificateWithoutRestart() throws Exception {
        // given an open connection
        HttpClient before = clientTrusting(currentCertificate);
        assertThat(certificateOf(list(before))).isEqualTo(currentCertificate);

        // when
        X509Certificate renewed = TestCertificates.writeCertificate(certificateDirectory, "second", "RSA");

        // then new connections get the new certificate and open ones continue
        HttpResponse<byte[]> response = Awaitility.await("the new certificate")
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptionsInstanceOf(SSLException.class)
                .until(() -> list(clientTrusting(renewed)), listed -> listed.statusCode() == 200);
        assertThat(certificateOf(response)).isEqualTo(renewed);
        assertThat(list(before).statusCode()).isEqualTo(200);
        assertThat(certificateOf(list(before))).isEqualTo(currentCertificate);
        currentCertificate = renewed;
    }

    @Test
    void keepsCertificateWhenNewFilesAreInvalid() throws Exception {
        // given
        int linesBefore = darkroomInstance.log().size();

        // when the key belongs to another certificate of the same type
        byte[] key = Files.readAllBytes(certificateDirectory.resolve("key.pem"));
        TestCertificates.writeCertificate(
                directory.resolve("other"),
                "other",
                currentCertificate.getPublicKey().getAlgorithm());
        Files.copy(
                directory.resolve("other/key.pem"),
                certificateDirectory.resolve("key.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        // then
        Awaitility.await("the warning")
                .atMost(Duration.ofSeconds(60))
                .until(() -> darkroomInstance.log().stream()
                        .skip(linesBefore)
                        .anyMatch(line -> line.contains("certificate reload failed")
                                && line.contains("the key does not belong to the certificate")));
        assertThat(certificateOf(list(clientTrusting(currentCertificate)))).isEqualTo(currentCertificate);

        // and the restored files work without further action
        Files.write(certificateDirectory.resolve("key.pem"), key);
        assertThat(list(clientTrusting(currentCertificate)).statusCode()).isEqualTo(200);
    }
}
