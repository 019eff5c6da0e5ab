package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestCertificates;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients of fal for Node and Python accept the simulator. The one for Python calls it through a proxy with TLS. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FalClientsGenuineIT {
    private static final String TOOL = "fal-client";
    private static final String PRINTED = """
            subscribe image/png image/png true
            submit IN_QUEUE 0 2 7
            refused 422 content_policy_violation
            cancel COMPLETED
            rejected 422 missing
            """;

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ofMillis(50));
        simulator.script(
                new JsonObject().put("ok", true),
                new JsonObject().put("ok", true),
                new JsonObject().put("moderation", true),
                new JsonObject().put("delay", "10m"));
    }

    @AfterEach
    void stop() throws Exception {
        simulator.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void nodeClient() throws Exception {
        GenuineTools.installNode(TOOL);
        assertThat(GenuineTools.run(TOOL, Map.of("API", "http://127.0.0.1:" + simulator.port()), "node", "client.mjs"))
                .isEqualTo(PRINTED);
    }

    @Test
    void pythonClient() throws Exception {
        // given
        TestCertificates.writeCertificate(directory, "proxy", "RSA");
        int port = startTlsProxy();
        String python = GenuineTools.installPython(TOOL).resolve("python").toString();

        // when
        String printed = GenuineTools.run(
                TOOL,
                Map.of(
                        "FAL_QUEUE_RUN_HOST",
                        "localhost:" + port + "/fal",
                        "SSL_CERT_FILE",
                        directory.resolve("cert.pem").toString()),
                python,
                "client.py");

        // then
        assertThat(printed).isEqualTo(PRINTED);
    }

    /** Starts a proxy in front of the simulator and returns its port. */
    private int startTlsProxy() throws Exception {
        HttpClient client = vertx.createHttpClient();
        HttpServer proxy = vertx.createHttpServer(new HttpServerOptions()
                .setSsl(true)
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(directory.resolve("cert.pem").toString())
                        .setKeyPath(directory.resolve("key.pem").toString())));
        return proxy.requestHandler(request -> request.body().onSuccess(body -> forward(client, request, body)))
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .actualPort();
    }

    private void forward(HttpClient client, HttpServerRequest request, Buffer body) {
        RequestOptions options = new RequestOptions()
                .setMethod(request.method())
                .setHost("127.0.0.1")
                .setPort(simulator.port())
                .setURI(request.uri());
        request.headers().forEach(options::addHeader);
        options.putHeader("X-Forwarded-Proto", "https");
        HttpServerResponse response = request.response();
        client.request(options)
                .compose(forwarded -> forwarded.send(body))
                .compose(received -> received.body().onSuccess(bytes -> {
                    response.setStatusCode(received.statusCode());
                    response.putHeader("Content-Type", String.valueOf(received.getHeader("Content-Type")));
                    response.end(bytes);
                }))
                .onFailure(cause -> response.setStatusCode(502).end());
    }
}
