package dev.darkroom.simulator;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.darkroom.simulator.http.SimulatorBodyReader;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeoutException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The simulator over real sockets: protocol, faults, downloads and request log. */
class SimulatorVerticleTest {
    private static final Duration LATENCY = Duration.ofMillis(1);
    private static final String IMAGES_PATH = "/v1/images/generations";

    private Vertx vertx;
    private WebClient client;
    private SimulatorVerticle simulator;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        simulator = new SimulatorVerticle(0, LATENCY);
        result(vertx.deployVerticle(simulator));
        client = client(simulator.port());
    }

    @AfterEach
    void stop() {
        result(vertx.close());
    }

    @Test
    void rendersImagesForPrompt() throws IOException {
        // when
        HttpResponse<Buffer> response =
                post(new JsonObject().put("prompt", "a fox").put("n", 2).put("size", "96x80"));

        // then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.getHeader("Content-Type")).isEqualTo("application/json");
        assertThat(response.bodyAsJsonObject().getLong("created")).isPositive();
        List<BufferedImage> images = images(response);
        assertThat(images).hasSize(2);
        assertThat(images.get(1).getWidth()).isEqualTo(96);
        assertThat(images.get(1).getHeight()).isEqualTo(80);
    }

    @Test
    void rendersSameImagesForSameRequest() {
        // given
        JsonObject body = request().put("seed", 5);

        // then
        assertThat(data(post(body))).isEqualTo(data(post(body)));
    }

    @Test
    void urlAndBase64ReturnSameImage() {
        // given
        HttpResponse<Buffer> base64Response = post(request());

        // when
        HttpResponse<Buffer> urlResponse = post(request().put("response_format", "url"));
        String url = data(urlResponse).getJsonObject(0).getString("url");
        HttpResponse<Buffer> image = result(client.getAbs(url).send());

        // then
        assertThat(url).startsWith("http://127.0.0.1:" + simulator.port() + "/images/");
        assertThat(image.statusCode()).isEqualTo(200);
        assertThat(image.getHeader("Content-Type")).isEqualTo("image/png");
        assertThat(image.body().getBytes())
                .isEqualTo(Base64.getDecoder()
                        .decode(data(base64Response).getJsonObject(0).getString("b64_json")));
    }

    @Test
    void returns404ForUnknownImage() {
        assertError(get("/images/none.png"), 404, "invalid_request_error", null);
    }

    @Test
    void listsModel() {
        assertThat(data(get("/v1/models")).getJsonObject(0).getString("id")).isEqualTo("simulator");

        // when it fails for submissions, and then also for models
        script("{\"status\": 503, \"times\": -1}");
        assertThat(get("/v1/models").statusCode()).isEqualTo(200);
        script("{\"status\": 503, \"times\": -1, \"models\": true}");

        // then
        assertThat(get("/v1/models").statusCode()).isEqualTo(503);
    }

    @Test
    void rejectsInvalidRequestWithoutTakingStep() {
        // given
        script("{\"noImages\":true}");

        // when
        HttpResponse<Buffer> invalid = post(new JsonObject().put("prompt", "a").put("n", 99));
        HttpResponse<Buffer> notJson = result(client.post(IMAGES_PATH).sendBuffer(Buffer.buffer("[1")));
        HttpResponse<Buffer> valid = post(request());

        // then
        assertError(invalid, 400, "invalid_request_error", null);
        assertThat(invalid.bodyAsJsonObject().getJsonObject("error").getString("param"))
                .isEqualTo("n");
        assertError(notJson, 400, "invalid_request_error", null);
        assertThat(data(valid)).isEmpty();
        assertThat(loggedResponses()).containsExactly("status 400", "status 400", "no images");
    }

    @Test
    void rejectsTooLargeBody() {
        // when
        HttpResponse<Buffer> response = result(
                client.post(IMAGES_PATH).sendBuffer(Buffer.buffer(new byte[SimulatorBodyReader.MAX_BODY_BYTES + 1])));

        // then
        assertError(response, 413, "invalid_request_error", null);
    }

    @Test
    void returnsProtocolErrorsForUnknownPathAndMethod() {
        assertError(get("/v2/anything"), 404, "invalid_request_error", null);
        assertError(get(IMAGES_PATH), 405, "invalid_request_error", null);
    }

    @Test
    void returnsStatusWithRetryAfterAndBody() {
        // given
        script("{\"status\":429,\"retryAfter\":2}", "{\"status\":503,\"body\":{\"busy\":true}}", "{\"status\":204}");

        // when
        HttpResponse<Buffer> limited = post(request());
        HttpResponse<Buffer> busy = post(request());
        HttpResponse<Buffer> noContent = post(request());

        // then
        assertError(limited, 429, "requests", "rate_limit_exceeded");
        assertThat(limited.getHeader("Retry-After")).isEqualTo("2");
        assertThat(busy.statusCode()).isEqualTo(503);
        assertThat(busy.getHeader("Retry-After")).isNull();
        assertThat(busy.bodyAsJsonObject()).isEqualTo(new JsonObject().put("busy", true));
        assertThat(noContent.statusCode()).isEqualTo(204);
        assertThat(noContent.body()).isNull();
    }

    @Test
    void dropsConnectionWithoutRecordingClientClose() {
        // given
        script("{\"drop\":true}");

        // then
        assertThatThrownBy(() -> post(request())).hasMessageContaining("closed");
        assertThat(loggedResponses()).containsExactly("drop");
        assertThat(requests().getJsonObject(0).getString("closedAt")).isNull();
        assertThat(post(request()).statusCode()).isEqualTo(200);
    }

    @Test
    void dropsConnectionAfterTheWork() {
        // given
        script("{\"dropAccepted\":true}");

        // then
        assertThatThrownBy(() -> post(request())).hasMessageContaining("closed");
        assertThat(loggedResponses()).containsExactly("drop after accept");
    }

    @Test
    void returnsMalformedJson() {
        // given
        script("{\"malformedBody\":true}");

        // when
        HttpResponse<Buffer> response = post(request());

        // then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.getHeader("Content-Type")).isEqualTo("application/json");
        assertThatThrownBy(response::bodyAsJsonObject).isInstanceOf(RuntimeException.class);
    }

    @Test
    void returnsSuccessWithoutImage() {
        script("{\"noImages\":true}");
        HttpResponse<Buffer> response = post(request());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(data(response)).isEmpty();
    }

    @Test
    void returnsInvalidImage() throws IOException {
        // given
        script("{\"invalidImage\":true}");

        // when
        HttpResponse<Buffer> response = post(request());

        // then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(images(response)).hasSize(1).containsOnlyNulls();
    }

    @Test
    void returnsOneImageFewerThanRequested() throws IOException {
        script("{\"tooFewImages\":true}", "{\"tooFewImages\":true}");
        assertThat(images(post(request().put("n", 3)))).hasSize(2).doesNotContainNull();
        assertThat(data(post(request()))).isEmpty();
    }

    @Test
    void returnsModerationAndQuotaErrors() {
        script("{\"moderation\":true}", "{\"quota\":true}");
        assertError(post(request()), 400, "image_generation_user_error", "moderation_blocked");
        assertError(post(request()), 429, "insufficient_quota", "insufficient_quota");
    }

    @Test
    void returnsErrorBodiesOfOtherServers() {
        // given
        script("{\"errorBody\":\"string\"}", "{\"errorBody\":\"detail\",\"status\":422}", "{\"html\":true}");

        // when
        HttpResponse<Buffer> string = post(request());
        HttpResponse<Buffer> detail = post(request());
        HttpResponse<Buffer> html = post(request());

        // then
        assertThat(string.statusCode()).isEqualTo(500);
        assertThat(string.bodyAsJsonObject().getValue("error")).isInstanceOf(String.class);
        assertThat(detail.statusCode()).isEqualTo(422);
        assertThat(detail.bodyAsJsonObject().getValue("detail")).isInstanceOf(String.class);
        assertThat(html.statusCode()).isEqualTo(502);
        assertThat(html.getHeader("Content-Type")).isEqualTo("text/html");
        assertThat(html.bodyAsString()).startsWith("<html>");
    }

    @Test
    void recordsClientCloseOfHangingSubmission() {
        // given
        script("{\"hang\":true}");

        // when
        HttpRequest<Buffer> requestWithTimeout = client.post(IMAGES_PATH).timeout(200);
        assertThatThrownBy(() -> result(requestWithTimeout.sendJsonObject(request())))
                .hasMessageContaining("200ms");

        // then
        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(requests().getJsonObject(0).getString("closedAt"))
                        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"));
        assertThat(loggedResponses()).containsExactly("hang");
    }

    @Test
    void truncatesBodyAfterFullContentLength() {
        // given
        script("{\"truncated\":true,\"times\":2}");

        // then
        assertThatThrownBy(() -> post(request())).hasMessageContaining("closed");
        RawResponse truncated = sendRawRequest(100_000);
        assertThat(truncated.head()).startsWith("HTTP/1.1 200").contains("Content-Type: application/json");
        assertThat(truncated.body().length())
                .isBetween(1, truncated.contentLength() - 1)
                .isEqualTo(truncated.contentLength() / 2);
        assertThat(truncated.body()).startsWith("{\"created\":");
        assertThat(truncated.closed()).isTrue();
        assertThat(closedAt()).containsOnlyNulls();
    }

    @Test
    void changesOnlyContentType() throws IOException {
        // given
        script("{\"contentType\":\"text/html\"}");

        // when
        HttpResponse<Buffer> response = post(request());

        // then
        assertThat(response.getHeader("Content-Type")).isEqualTo("text/html");
        assertThat(images(response)).hasSize(1).doesNotContainNull();
    }

    @Test
    void sendsBodyByteByByte() {
        // given
        script(
                "{\"status\":204}",
                "{\"slowBody\":true,\"interval\":\"20ms\"}",
                "{\"slowBody\":true,\"interval\":\"1ms\"}");
        post(request());

        // when a client reads some bytes
        long start = System.nanoTime();
        RawResponse partial = sendRawRequest(10);

        // then one byte was sent per interval
        long intervals = (System.nanoTime() - start) / 20_000_000;
        assertThat(partial.contentLength()).isGreaterThan(1000);
        assertThat(partial.body()).hasSize(10).isEqualTo("{\"created\"");
        assertThat(intervals).isGreaterThanOrEqualTo(9);
        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(closedAt().get(1)).isNotNull());

        // and a client that waits gets the whole body
        assertThat(data(post(request().put("response_format", "url")))).hasSize(1);
    }

    @Test
    void sendsOversizedBodyWithAndWithoutContentLength() {
        // given
        script(
                "{\"oversizedBody\":true,\"bytes\":3000000}",
                "{\"oversizedBody\":true,\"bytes\":1024,\"chunked\":true}");

        // when
        HttpResponse<Buffer> sized = post(request());
        HttpResponse<Buffer> chunked = post(request());

        // then
        assertThat(sized.getHeader("Content-Length")).isEqualTo("3000000");
        assertThat(sized.body().length()).isEqualTo(3_000_000);
        // Compares only the length, since a failure message would contain the whole text.
        assertThat(data(sized).getJsonObject(0).getString("b64_json").length())
                .isEqualTo(3_000_000 - "{\"data\":[{\"b64_json\":\"\"}]}".length());
        assertThat(chunked.getHeader("Content-Length")).isNull();
        assertThat(chunked.body().length()).isEqualTo(1024);
    }

    @Test
    void sendsOversizedBodyWithBackpressure() {
        // given a body larger than the memory
        script("{\"oversizedBody\":true,\"bytes\":100000000000}");

        // when a client sends a request and stops reading
        RawResponse taken = sendRawRequest(1000);

        // then the simulator waits and records the close of the client
        assertThat(taken.head()).contains("Content-Length: 100000000000");
        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(closedAt().get(0)).isNotNull());
    }

    @Test
    void pausesBetweenPartsOfOversizedBody() {
        // given a body of three parts and the JSON around them
        script("{\"oversizedBody\":true,\"bytes\":196635,\"interval\":\"100ms\"}");

        // then
        assertThat(elapsedMillis(
                        () -> assertThat(post(request()).body().length()).isEqualTo(196_635)))
                .isGreaterThanOrEqualTo(400);
    }

    @Test
    void redirectsToSameUrl() {
        // given
        script("{\"redirectLoop\":true}", "{\"urlResult\":true,\"downloadFaults\":[{\"redirectLoop\":true}]}");

        // when
        HttpResponse<Buffer> response = post(request());
        String url = data(post(request())).getJsonObject(0).getString("url");
        HttpResponse<Buffer> download =
                result(client.getAbs(url).followRedirects(false).send());

        // then
        assertThat(response.statusCode()).isEqualTo(302);
        assertThat(response.getHeader("Location")).isEqualTo("http://127.0.0.1:" + simulator.port() + IMAGES_PATH);
        assertThat(download.statusCode()).isEqualTo(302);
        assertThat(download.getHeader("Location")).isEqualTo(url);
    }

    @Test
    void logsDrawnFaults() {
        // given
        script("{\"random\":{\"failurePercent\":50,\"latency\":[0,5],\"seed\":3},\"times\":-1}");

        // when
        List<Future<HttpResponse<Buffer>>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            all.add(client.post(IMAGES_PATH).sendJsonObject(request()));
        }
        result(Future.join(all).otherwiseEmpty());

        // then
        assertThat(loggedResponses()).hasSize(40).contains("image").doesNotContain("random");
        assertThat(loggedResponses().stream()
                        .filter(response -> !response.equals("image"))
                        .count())
                .isBetween(10L, 30L);
        long valid = all.stream()
                .filter(Future::succeeded)
                .filter(response -> response.result().bodyAsString().contains("b64_json"))
                .count();
        assertThat(loggedResponses()).filteredOn("image"::equals).hasSize((int) valid);
    }

    @Test
    void delaysResponse() {
        // given
        script("{\"delay\":\"400ms\"}", "{\"status\":500,\"delay\":300}");

        // then
        assertThat(elapsedMillis(() -> assertThat(post(request()).statusCode()).isEqualTo(200)))
                .isGreaterThanOrEqualTo(400);
        assertThat(elapsedMillis(() -> assertThat(post(request()).statusCode()).isEqualTo(500)))
                .isGreaterThanOrEqualTo(300);
    }

    @Test
    void appliesDefaultLatency() {
        // given
        SimulatorVerticle slow = new SimulatorVerticle(0, Duration.ofMillis(300));
        result(vertx.deployVerticle(slow));

        // then
        assertThat(elapsedMillis(
                        () -> result(client(slow.port()).post(IMAGES_PATH).sendJsonObject(request()))))
                .isGreaterThanOrEqualTo(300);
    }

    @Test
    void returnsScriptedUrl() {
        script("{\"url\":\"ftp://example.org/a.png\"}");
        assertThat(data(post(request())).getJsonObject(0).getString("url")).isEqualTo("ftp://example.org/a.png");
    }

    @Test
    void appliesDownloadFaultsFirst() {
        // given
        script("{\"urlResult\":true,\"downloadFaults\":[{\"status\":500},{\"status\":404},{\"drop\":true}]}");

        // when
        String url = data(post(request())).getJsonObject(0).getString("url");

        // then
        assertThat(result(client.getAbs(url).send()).statusCode()).isEqualTo(500);
        assertThat(result(client.getAbs(url).send()).statusCode()).isEqualTo(404);
        assertThatThrownBy(() -> result(client.getAbs(url).send())).hasMessageContaining("closed");
        assertThat(result(client.getAbs(url).send()).statusCode()).isEqualTo(200);
        assertThat(loggedResponses()).containsExactly("url result");
        assertThat(downloads())
                .extracting(download -> download.getString("response"))
                .containsExactly("status 500", "status 404", "drop", "image");
    }

    @Test
    void recordsClientCloseOfHangingDownload() {
        // given
        script("{\"urlResult\":true,\"downloadFaults\":[{\"hang\":true}]}");
        String url = data(post(request())).getJsonObject(0).getString("url");

        // when
        assertThatThrownBy(() -> result(client.getAbs(url).timeout(200).send())).hasMessageContaining("200ms");

        // then
        await().atMost(5, SECONDS)
                .untilAsserted(() ->
                        assertThat(downloads().get(0).getString("closedAt")).isNotNull());
        assertThat(closedAt()).containsOnlyNulls();
    }

    @Test
    void appliesResponseFaultsToDownload() {
        // given
        script("{\"urlResult\":true,\"downloadFaults\":[{\"truncated\":true},{\"contentType\":\"text/plain\"}]}");
        String url = data(post(request())).getJsonObject(0).getString("url");

        // when
        assertThatThrownBy(() -> result(client.getAbs(url).send())).hasMessageContaining("closed");
        HttpResponse<Buffer> wrongContentType = result(client.getAbs(url).send());
        HttpResponse<Buffer> valid = result(client.getAbs(url).send());

        // then
        assertThat(wrongContentType.getHeader("Content-Type")).isEqualTo("text/plain");
        assertThat(valid.getHeader("Content-Type")).isEqualTo("image/png");
        assertThat(wrongContentType.body()).isEqualTo(valid.body());
    }

    @Test
    void rejectsInvalidScriptAndKeepsCurrentScript() {
        // given
        script("{\"noImages\":true}");

        // when
        HttpResponse<Buffer> rejected = put("{\"steps\":[{\"explode\":true}]}");

        // then
        assertError(rejected, 400, "invalid_request_error", null);
        assertThat(rejected.bodyAsJsonObject().getJsonObject("error").getString("message"))
                .startsWith("steps[0]: has no fault");
        assertThat(get("/simulator/script").bodyAsJsonObject())
                .isEqualTo(new JsonObject("{\"steps\":[{\"noImages\":true}]}"));
    }

    @Test
    void acceptsScriptOfAnyContentTypeAndDeletesIt() {
        // given
        HttpResponse<Buffer> taken = result(client.put("/simulator/script")
                .putHeader("Content-Type", "application/x-www-form-urlencoded")
                .sendBuffer(Buffer.buffer("{\"steps\":[{\"status\":500,\"times\":-1}]}")));
        assertThat(taken.statusCode()).isEqualTo(200);
        assertThat(post(request()).statusCode()).isEqualTo(500);

        // when
        HttpResponse<Buffer> cleared = result(client.delete("/simulator/script").send());

        // then
        assertThat(cleared.statusCode()).isEqualTo(204);
        assertThat(post(request()).statusCode()).isEqualTo(200);
    }

    @Test
    void listsSubmissionsWithoutCredentials() {
        // when
        result(client.post(IMAGES_PATH)
                .putHeader("Idempotency-Key", "k1")
                .putHeader("Authorization", "Bearer hush")
                .sendJsonObject(request().put("seed", 1)));
        result(client.post(IMAGES_PATH).sendJsonObject(request().put("seed", 2)));

        // then
        HttpResponse<Buffer> log = get("/simulator/requests");
        assertThat(log.bodyAsString()).doesNotContain("hush");
        JsonArray requests = log.bodyAsJsonObject().getJsonArray("requests");
        assertThat(requests).hasSize(2);
        assertThat(requests.getJsonObject(0).getString("key")).isEqualTo("k1");
        assertThat(requests.getJsonObject(0).getBoolean("authorization")).isTrue();
        assertThat(requests.getJsonObject(0).getJsonObject("body"))
                .isEqualTo(request().put("seed", 1));
        assertThat(requests.getJsonObject(0).getString("response")).isEqualTo("image");
        assertThat(requests.getJsonObject(0).getValue("closedAt")).isNull();
        assertThat(requests.getJsonObject(1).getString("key")).isNull();
        assertThat(requests.getJsonObject(1).getBoolean("authorization")).isFalse();

        // and the log can be deleted
        assertThat(result(client.delete("/simulator/requests").send()).statusCode())
                .isEqualTo(204);
        assertThat(requests()).isEmpty();
    }

    @Test
    void concurrentSubmissionsTakeOneStepEach() {
        // given
        script("{\"status\":500,\"times\":7}", "{\"noImages\":true,\"times\":6}", "{\"status\":503,\"times\":5}");

        // when
        List<Future<HttpResponse<Buffer>>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(client.post(IMAGES_PATH).sendJsonObject(request()));
        }
        result(Future.all(all));

        // then
        List<Integer> statuses =
                all.stream().map(response -> response.result().statusCode()).toList();
        assertThat(statuses).filteredOn(status -> status == 500).hasSize(7);
        assertThat(statuses).filteredOn(status -> status == 503).hasSize(5);
        assertThat(statuses).filteredOn(status -> status == 200).hasSize(8);
        assertThat(requests()).hasSize(20);
        assertThat(loggedResponses()).startsWith("status 500").endsWith("image", "image");
    }

    @Test
    void failsToStartOnPortInUse() throws IOException {
        // given
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // when
            Future<String> deployed = vertx.deployVerticle(new SimulatorVerticle(taken.getLocalPort(), LATENCY));

            // then
            assertThatThrownBy(() -> result(deployed)).isInstanceOf(BindException.class);
        }
    }

    @Test
    void undeployClosesPortDuringHangingSubmission() {
        // given
        script("{\"hang\":true}");
        Future<HttpResponse<Buffer>> hanging = client.post(IMAGES_PATH).sendJsonObject(request());
        await().atMost(5, SECONDS).until(() -> loggedResponses().contains("hang"));

        // when
        vertx.deploymentIDs().forEach(id -> result(vertx.undeploy(id)));

        // then
        assertThatThrownBy(() -> result(hanging)).hasMessageContaining("closed");
        // Opens a new connection: the client may still have closed connections in its pool.
        assertThatThrownBy(() -> new Socket("127.0.0.1", simulator.port()).close())
                .isInstanceOf(ConnectException.class);
    }

    private WebClient client(int port) {
        return WebClient.create(
                vertx, new WebClientOptions().setDefaultHost("127.0.0.1").setDefaultPort(port));
    }

    private static JsonObject request() {
        return new JsonObject().put("prompt", "a fox").put("size", "64x64");
    }

    private void script(String... steps) {
        assertThat(put("{\"steps\":[" + String.join(",", steps) + "]}").statusCode())
                .isEqualTo(200);
    }

    private HttpResponse<Buffer> put(String script) {
        return result(client.put("/simulator/script").sendBuffer(Buffer.buffer(script)));
    }

    private HttpResponse<Buffer> get(String path) {
        return result(client.request(HttpMethod.GET, path).send());
    }

    private HttpResponse<Buffer> post(JsonObject body) {
        return result(client.post(IMAGES_PATH).sendJsonObject(body));
    }

    private JsonArray requests() {
        return get("/simulator/requests").bodyAsJsonObject().getJsonArray("requests");
    }

    private List<String> loggedResponses() {
        return requests().stream()
                .map(entry -> ((JsonObject) entry).getString("response"))
                .toList();
    }

    private List<String> closedAt() {
        return requests().stream()
                .map(entry -> ((JsonObject) entry).getString("closedAt"))
                .toList();
    }

    /** Returns the downloads of the first submission. */
    private List<JsonObject> downloads() {
        return requests().getJsonObject(0).getJsonArray("downloads").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    /**
     * The part of a response that was read before the connection was closed.
     *
     * @param closed whether the server closed the connection
     */
    private record RawResponse(String head, String body, boolean closed) {
        int contentLength() {
            return Integer.parseInt(head.replaceFirst("(?s).*Content-Length: (\\d+).*", "$1"));
        }
    }

    /** Sends a request and closes the connection after reading the given number of bytes of the body. */
    private RawResponse sendRawRequest(int bytes) {
        try (Socket socket = new Socket("127.0.0.1", simulator.port())) {
            socket.setSoTimeout(10_000);
            byte[] body = request().toBuffer().getBytes();
            String head = "POST " + IMAGES_PATH + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            StringBuilder response = new StringBuilder();
            InputStream in = socket.getInputStream();
            while (response.indexOf("\r\n\r\n") < 0) {
                response.append((char) in.read());
            }
            byte[] read = in.readNBytes(bytes);
            return new RawResponse(
                    response.toString(), new String(read, StandardCharsets.US_ASCII), read.length < bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonArray data(HttpResponse<Buffer> response) {
        return response.bodyAsJsonObject().getJsonArray("data");
    }

    /** Returns the decoded images of a response; null for bytes that are no image. */
    private static List<BufferedImage> images(HttpResponse<Buffer> response) throws IOException {
        List<BufferedImage> images = new ArrayList<>();
        for (Object result : data(response)) {
            byte[] bytes = Base64.getDecoder().decode(((JsonObject) result).getString("b64_json"));
            images.add(ImageIO.read(new ByteArrayInputStream(bytes)));
        }
        return images;
    }

    private static void assertError(HttpResponse<Buffer> response, int status, String type, String code) {
        assertThat(response.statusCode()).isEqualTo(status);
        JsonObject error = response.bodyAsJsonObject().getJsonObject("error");
        assertThat(error.fieldNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
        assertThat(error.getString("message")).isNotBlank();
        assertThat(error.getString("type")).isEqualTo(type);
        assertThat(error.getString("code")).isEqualTo(code);
    }

    private static long elapsedMillis(Runnable action) {
        long start = System.nanoTime();
        action.run();
        return Duration.ofNanos(System.nanoTime() - start).toMillis();
    }

    private static <T> T result(Future<T> future) {
        try {
            return future.await(20, SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }
}
