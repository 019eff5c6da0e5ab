package dev.darkroom.simulator;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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

/** Over real sockets. */
class SimulatorVerticleTest {
    private static final Duration LATENCY = Duration.ofMillis(1);
    private static final String IMAGES = "/v1/images/generations";

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
    void aPromptBecomesAPicture() throws IOException {
        // when
        HttpResponse<Buffer> answer =
                post(new JsonObject().put("prompt", "a fox").put("n", 2).put("size", "96x80"));

        // then
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.getHeader("Content-Type")).isEqualTo("application/json");
        assertThat(answer.bodyAsJsonObject().getLong("created")).isPositive();
        List<BufferedImage> pictures = pictures(answer);
        assertThat(pictures).hasSize(2);
        assertThat(pictures.get(1).getWidth()).isEqualTo(96);
        assertThat(pictures.get(1).getHeight()).isEqualTo(80);
    }

    @Test
    void theSameRequestGetsTheSamePictures() {
        // given
        JsonObject body = request().put("seed", 5);

        // then
        assertThat(data(post(body))).isEqualTo(data(post(body)));
    }

    @Test
    void aUrlLeadsToTheSamePictureAsBase64() {
        // given
        HttpResponse<Buffer> inside = post(request());

        // when
        HttpResponse<Buffer> announced = post(request().put("response_format", "url"));
        String url = data(announced).getJsonObject(0).getString("url");
        HttpResponse<Buffer> picture = result(client.getAbs(url).send());

        // then
        assertThat(url).startsWith("http://127.0.0.1:" + simulator.port() + "/pictures/");
        assertThat(picture.statusCode()).isEqualTo(200);
        assertThat(picture.getHeader("Content-Type")).isEqualTo("image/png");
        assertThat(picture.body().getBytes())
                .isEqualTo(
                        Base64.getDecoder().decode(data(inside).getJsonObject(0).getString("b64_json")));
    }

    @Test
    void anUnknownPictureIsNotFound() {
        assertError(get("/pictures/none.png"), 404, "invalid_request_error", null);
    }

    @Test
    void theModelIsListed() {
        assertThat(data(get("/v1/models")).getJsonObject(0).getString("id")).isEqualTo("simulator");

        // when it fails for submissions, and then for everything
        script("{\"status\": 503, \"times\": -1}");
        assertThat(get("/v1/models").statusCode()).isEqualTo(200);
        script("{\"status\": 503, \"times\": -1, \"models\": true}");

        // then
        assertThat(get("/v1/models").statusCode()).isEqualTo(503);
    }

    @Test
    void aBadRequestIsRefusedAndUsesUpNoStep() {
        // given
        script("{\"empty\":true}");

        // when
        HttpResponse<Buffer> bad = post(new JsonObject().put("prompt", "a").put("n", 99));
        HttpResponse<Buffer> notJson = result(client.post(IMAGES).sendBuffer(Buffer.buffer("[1")));
        HttpResponse<Buffer> good = post(request());

        // then
        assertError(bad, 400, "invalid_request_error", null);
        assertThat(bad.bodyAsJsonObject().getJsonObject("error").getString("param"))
                .isEqualTo("n");
        assertError(notJson, 400, "invalid_request_error", null);
        assertThat(data(good)).isEmpty();
        assertThat(answers()).containsExactly("status 400", "status 400", "empty");
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() {
        // when
        HttpResponse<Buffer> answer =
                result(client.post(IMAGES).sendBuffer(Buffer.buffer(new byte[SimulatorBodyReader.MAX_BODY_BYTES + 1])));

        // then
        assertError(answer, 413, "invalid_request_error", null);
    }

    @Test
    void unknownPathsAndMethodsAnswerInTheShapeOfTheProtocol() {
        assertError(get("/v2/anything"), 404, "invalid_request_error", null);
        assertError(get(IMAGES), 405, "invalid_request_error", null);
    }

    @Test
    void aStatusComesWithItsRetryAfterAndTheUsualBody() {
        // given
        script("{\"status\":429,\"retryAfter\":2}", "{\"status\":503,\"body\":{\"busy\":true}}", "{\"status\":204}");

        // when
        HttpResponse<Buffer> limited = post(request());
        HttpResponse<Buffer> busy = post(request());
        HttpResponse<Buffer> nothing = post(request());

        // then
        assertError(limited, 429, "requests", "rate_limit_exceeded");
        assertThat(limited.getHeader("Retry-After")).isEqualTo("2");
        assertThat(busy.statusCode()).isEqualTo(503);
        assertThat(busy.getHeader("Retry-After")).isNull();
        assertThat(busy.bodyAsJsonObject()).isEqualTo(new JsonObject().put("busy", true));
        assertThat(nothing.statusCode()).isEqualTo(204);
        assertThat(nothing.body()).isNull();
    }

    @Test
    void aDroppedConnectionHasNoAnswerAndWasNotClosedByTheClient() {
        // given
        script("{\"drop\":true}");

        // then
        assertThatThrownBy(() -> post(request())).hasMessageContaining("closed");
        assertThat(answers()).containsExactly("drop");
        assertThat(requests().getJsonObject(0).getString("closedAt")).isNull();
        assertThat(post(request()).statusCode()).isEqualTo(200);
    }

    @Test
    void garbageIsASuccessThatIsNoJson() {
        // given
        script("{\"garbage\":true}");

        // when
        HttpResponse<Buffer> answer = post(request());

        // then
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.getHeader("Content-Type")).isEqualTo("application/json");
        assertThatThrownBy(answer::bodyAsJsonObject).isInstanceOf(RuntimeException.class);
    }

    @Test
    void anEmptySuccessHasNoPicture() {
        script("{\"empty\":true}");
        HttpResponse<Buffer> answer = post(request());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(data(answer)).isEmpty();
    }

    @Test
    void bytesThatAreNoPictureAreBase64OfSomethingElse() throws IOException {
        // given
        script("{\"notAPicture\":true}");

        // when
        HttpResponse<Buffer> answer = post(request());

        // then
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(pictures(answer)).hasSize(1).containsOnlyNulls();
    }

    @Test
    void onePictureFewerThanAskedFor() throws IOException {
        script("{\"fewer\":true}", "{\"fewer\":true}");
        assertThat(pictures(post(request().put("n", 3)))).hasSize(2).doesNotContainNull();
        assertThat(data(post(request()))).isEmpty();
    }

    @Test
    void moderationAndQuotaCarryTheirCodes() {
        script("{\"moderation\":true}", "{\"quota\":true}");
        assertError(post(request()), 400, "image_generation_user_error", "moderation_blocked");
        assertError(post(request()), 429, "insufficient_quota", "insufficient_quota");
    }

    @Test
    void otherDialectsOfErrorsAreSpoken() {
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
    void aHangingSubmissionShowsWhenTheClientGaveUp() {
        // given
        script("{\"hang\":true}");

        // when
        HttpRequest<Buffer> impatient = client.post(IMAGES).timeout(200);
        assertThatThrownBy(() -> result(impatient.sendJsonObject(request()))).hasMessageContaining("200ms");

        // then
        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(requests().getJsonObject(0).getString("closedAt"))
                        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"));
        assertThat(answers()).containsExactly("hang");
    }

    @Test
    void halfAnAnswerAnnouncesTheWhole() {
        // given
        script("{\"truncated\":true,\"times\":2}");

        // then
        assertThatThrownBy(() -> post(request())).hasMessageContaining("closed");
        RawAnswer half = raw(100_000);
        assertThat(half.head()).startsWith("HTTP/1.1 200").contains("Content-Type: application/json");
        assertThat(half.body().length()).isBetween(1, half.announced() - 1).isEqualTo(half.announced() / 2);
        assertThat(half.body()).startsWith("{\"created\":");
        assertThat(half.closed()).isTrue();
        assertThat(closedAt()).containsOnlyNulls();
    }

    @Test
    void aWrongLabelChangesNothingElse() throws IOException {
        // given
        script("{\"contentType\":\"text/html\"}");

        // when
        HttpResponse<Buffer> answer = post(request());

        // then
        assertThat(answer.getHeader("Content-Type")).isEqualTo("text/html");
        assertThat(pictures(answer)).hasSize(1).doesNotContainNull();
    }

    @Test
    void aDripComesByteByByteAndInTheEndInFull() {
        // given
        script("{\"status\":204}", "{\"drip\":true,\"interval\":\"20ms\"}", "{\"drip\":true,\"interval\":\"1ms\"}");
        post(request());

        // when somebody listens for a while
        long start = System.nanoTime();
        RawAnswer some = raw(10);

        // then there was a byte for each interval, and no more
        long intervals = (System.nanoTime() - start) / 20_000_000;
        assertThat(some.announced()).isGreaterThan(1000);
        assertThat(some.body()).hasSize(10).isEqualTo("{\"created\"");
        assertThat(intervals).isGreaterThanOrEqualTo(9);
        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(closedAt().get(1)).isNotNull());

        // and whoever has patience gets it all
        assertThat(data(post(request().put("response_format", "url")))).hasSize(1);
    }

    @Test
    void aHugeAnswerHasAllItsBytesWhetherTheyWereAnnouncedOrNot() {
        // given
        script("{\"huge\":true,\"bytes\":3000000}", "{\"huge\":true,\"bytes\":1024,\"chunked\":true}");

        // when
        HttpResponse<Buffer> announced = post(request());
        HttpResponse<Buffer> chunked = post(request());

        // then
        assertThat(announced.getHeader("Content-Length")).isEqualTo("3000000");
        assertThat(announced.body().length()).isEqualTo(3_000_000);
        // Only its length, since a failure would show it whole.
        assertThat(data(announced).getJsonObject(0).getString("b64_json").length())
                .isEqualTo(3_000_000 - "{\"data\":[{\"b64_json\":\"\"}]}".length());
        assertThat(chunked.getHeader("Content-Length")).isNull();
        assertThat(chunked.body().length()).isEqualTo(1024);
    }

    @Test
    void aHugeAnswerIsMadeOnlyAsFastAsItIsTaken() {
        // given far more than there is memory for
        script("{\"huge\":true,\"bytes\":100000000000}");

        // when somebody asks and then does not read
        RawAnswer taken = raw(1000);

        // then it waits, and goes when they go
        assertThat(taken.head()).contains("Content-Length: 100000000000");
        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(closedAt().get(0)).isNotNull());
    }

    @Test
    void aSlowHugeAnswerPausesBetweenItsParts() {
        // given three parts and what is around them
        script("{\"huge\":true,\"bytes\":196635,\"interval\":\"100ms\"}");

        // then
        assertThat(millis(() -> assertThat(post(request()).body().length()).isEqualTo(196_635)))
                .isGreaterThanOrEqualTo(400);
    }

    @Test
    void aRedirectLoopLeadsToItself() {
        // given
        script("{\"redirectLoop\":true}", "{\"urlResult\":true,\"pictureFaults\":[{\"redirectLoop\":true}]}");

        // when
        HttpResponse<Buffer> answer = post(request());
        String url = data(post(request())).getJsonObject(0).getString("url");
        HttpResponse<Buffer> download =
                result(client.getAbs(url).followRedirects(false).send());

        // then
        assertThat(answer.statusCode()).isEqualTo(302);
        assertThat(answer.getHeader("Location")).isEqualTo("http://127.0.0.1:" + simulator.port() + IMAGES);
        assertThat(download.statusCode()).isEqualTo(302);
        assertThat(download.getHeader("Location")).isEqualTo(url);
    }

    @Test
    void aServerThatFailsAtRandomSaysInItsLogWhatItDid() {
        // given
        script("{\"random\":{\"failurePercent\":50,\"latency\":[0,5],\"seed\":3},\"times\":-1}");

        // when
        List<Future<HttpResponse<Buffer>>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            all.add(client.post(IMAGES).sendJsonObject(request()));
        }
        result(Future.join(all).otherwiseEmpty());

        // then
        assertThat(answers()).hasSize(40).contains("picture").doesNotContain("random");
        assertThat(answers().stream()
                        .filter(answer -> !answer.equals("picture"))
                        .count())
                .isBetween(10L, 30L);
        long good = all.stream()
                .filter(Future::succeeded)
                .filter(answer -> answer.result().bodyAsString().contains("b64_json"))
                .count();
        assertThat(answers()).filteredOn("picture"::equals).hasSize((int) good);
    }

    @Test
    void aDelayHoldsTheAnswerBack() {
        // given
        script("{\"delay\":\"400ms\"}", "{\"status\":500,\"delay\":300}");

        // then
        assertThat(millis(() -> assertThat(post(request()).statusCode()).isEqualTo(200)))
                .isGreaterThanOrEqualTo(400);
        assertThat(millis(() -> assertThat(post(request()).statusCode()).isEqualTo(500)))
                .isGreaterThanOrEqualTo(300);
    }

    @Test
    void theUsualLatencyHoldsBackEveryOtherAnswer() {
        // given
        SimulatorVerticle slow = new SimulatorVerticle(0, Duration.ofMillis(300));
        result(vertx.deployVerticle(slow));

        // then
        assertThat(millis(() -> result(client(slow.port()).post(IMAGES).sendJsonObject(request()))))
                .isGreaterThanOrEqualTo(300);
    }

    @Test
    void aScriptedUrlIsTheResult() {
        script("{\"url\":\"ftp://example.org/a.png\"}");
        assertThat(data(post(request())).getJsonObject(0).getString("url")).isEqualTo("ftp://example.org/a.png");
    }

    @Test
    void aDownloadMeetsItsFaultsFirst() {
        // given
        script("{\"urlResult\":true,\"pictureFaults\":[{\"status\":500},{\"status\":404},{\"drop\":true}]}");

        // when
        String url = data(post(request())).getJsonObject(0).getString("url");

        // then
        assertThat(result(client.getAbs(url).send()).statusCode()).isEqualTo(500);
        assertThat(result(client.getAbs(url).send()).statusCode()).isEqualTo(404);
        assertThatThrownBy(() -> result(client.getAbs(url).send())).hasMessageContaining("closed");
        assertThat(result(client.getAbs(url).send()).statusCode()).isEqualTo(200);
        assertThat(answers()).containsExactly("url result");
        assertThat(downloads())
                .extracting(download -> download.getString("answer"))
                .containsExactly("status 500", "status 404", "drop", "picture");
    }

    @Test
    void aHangingDownloadShowsWhenTheClientGaveUp() {
        // given
        script("{\"urlResult\":true,\"pictureFaults\":[{\"hang\":true}]}");
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
    void aPictureCanBeSpoiltOnItsWay() {
        // given
        script("{\"urlResult\":true,\"pictureFaults\":[{\"truncated\":true},{\"contentType\":\"text/plain\"}]}");
        String url = data(post(request())).getJsonObject(0).getString("url");

        // when
        assertThatThrownBy(() -> result(client.getAbs(url).send())).hasMessageContaining("closed");
        HttpResponse<Buffer> mislabelled = result(client.getAbs(url).send());
        HttpResponse<Buffer> good = result(client.getAbs(url).send());

        // then
        assertThat(mislabelled.getHeader("Content-Type")).isEqualTo("text/plain");
        assertThat(good.getHeader("Content-Type")).isEqualTo("image/png");
        assertThat(mislabelled.body()).isEqualTo(good.body());
    }

    @Test
    void aBadScriptIsRefusedAndTheOneBeforeStays() {
        // given
        script("{\"empty\":true}");

        // when
        HttpResponse<Buffer> refused = put("{\"steps\":[{\"explode\":true}]}");

        // then
        assertError(refused, 400, "invalid_request_error", null);
        assertThat(refused.bodyAsJsonObject().getJsonObject("error").getString("message"))
                .startsWith("steps[0]: names no fault");
        assertThat(get("/simulator/script").bodyAsJsonObject())
                .isEqualTo(new JsonObject("{\"steps\":[{\"empty\":true}]}"));
    }

    @Test
    void aScriptCanBeClearedAndIsTakenWhateverItsContentTypeSays() {
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
    void submissionsAreListedInOrderWithKeyAndBodyButNeverTheCredentials() {
        // when
        result(client.post(IMAGES)
                .putHeader("Idempotency-Key", "k1")
                .putHeader("Authorization", "Bearer hush")
                .sendJsonObject(request().put("seed", 1)));
        result(client.post(IMAGES).sendJsonObject(request().put("seed", 2)));

        // then
        HttpResponse<Buffer> log = get("/simulator/requests");
        assertThat(log.bodyAsString()).doesNotContain("hush");
        JsonArray requests = log.bodyAsJsonObject().getJsonArray("requests");
        assertThat(requests).hasSize(2);
        assertThat(requests.getJsonObject(0).getString("key")).isEqualTo("k1");
        assertThat(requests.getJsonObject(0).getBoolean("authorization")).isTrue();
        assertThat(requests.getJsonObject(0).getJsonObject("body"))
                .isEqualTo(request().put("seed", 1));
        assertThat(requests.getJsonObject(0).getString("answer")).isEqualTo("picture");
        assertThat(requests.getJsonObject(0).getValue("closedAt")).isNull();
        assertThat(requests.getJsonObject(1).getString("key")).isNull();
        assertThat(requests.getJsonObject(1).getBoolean("authorization")).isFalse();

        // and they can be cleared
        assertThat(result(client.delete("/simulator/requests").send()).statusCode())
                .isEqualTo(204);
        assertThat(requests()).isEmpty();
    }

    @Test
    void submissionsAtTheSameTimeEachUseUpOneStep() {
        // given
        script("{\"status\":500,\"times\":7}", "{\"empty\":true,\"times\":6}", "{\"status\":503,\"times\":5}");

        // when
        List<Future<HttpResponse<Buffer>>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(client.post(IMAGES).sendJsonObject(request()));
        }
        result(Future.all(all));

        // then
        List<Integer> statuses =
                all.stream().map(answer -> answer.result().statusCode()).toList();
        assertThat(statuses).filteredOn(status -> status == 500).hasSize(7);
        assertThat(statuses).filteredOn(status -> status == 503).hasSize(5);
        assertThat(statuses).filteredOn(status -> status == 200).hasSize(8);
        assertThat(requests()).hasSize(20);
        assertThat(answers()).startsWith("status 500").endsWith("picture", "picture");
    }

    @Test
    void aPortInUseFailsTheStart() throws IOException {
        // given
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // when
            Future<String> deployed = vertx.deployVerticle(new SimulatorVerticle(taken.getLocalPort(), LATENCY));

            // then
            assertThatThrownBy(() -> result(deployed)).isInstanceOf(BindException.class);
        }
    }

    @Test
    void undeployingClosesThePortEvenWhileASubmissionHangs() {
        // given
        script("{\"hang\":true}");
        Future<HttpResponse<Buffer>> hanging = client.post(IMAGES).sendJsonObject(request());
        await().atMost(5, SECONDS).until(() -> answers().contains("hang"));

        // when
        vertx.deploymentIDs().forEach(id -> result(vertx.undeploy(id)));

        // then
        assertThatThrownBy(() -> result(hanging)).hasMessageContaining("closed");
        // A new connection: the client may not have heard yet that those it keeps are closed.
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
        return result(client.post(IMAGES).sendJsonObject(body));
    }

    private JsonArray requests() {
        return get("/simulator/requests").bodyAsJsonObject().getJsonArray("requests");
    }

    private List<String> answers() {
        return requests().stream()
                .map(entry -> ((JsonObject) entry).getString("answer"))
                .toList();
    }

    private List<String> closedAt() {
        return requests().stream()
                .map(entry -> ((JsonObject) entry).getString("closedAt"))
                .toList();
    }

    /** The downloads of the pictures that the first submission was answered with. */
    private List<JsonObject> downloads() {
        return requests().getJsonObject(0).getJsonArray("downloads").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    /**
     * As much of an answer as was read before the connection was closed.
     *
     * @param closed whether the server closed it
     */
    private record RawAnswer(String head, String body, boolean closed) {
        int announced() {
            return Integer.parseInt(head.replaceFirst("(?s).*Content-Length: (\\d+).*", "$1"));
        }
    }

    /** Asks for a picture and leaves after so many bytes of body. */
    private RawAnswer raw(int bytes) {
        try (Socket socket = new Socket("127.0.0.1", simulator.port())) {
            socket.setSoTimeout(10_000);
            byte[] body = request().toBuffer().getBytes();
            String head = "POST " + IMAGES + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            StringBuilder answer = new StringBuilder();
            InputStream in = socket.getInputStream();
            while (answer.indexOf("\r\n\r\n") < 0) {
                answer.append((char) in.read());
            }
            byte[] read = in.readNBytes(bytes);
            return new RawAnswer(answer.toString(), new String(read, StandardCharsets.US_ASCII), read.length < bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonArray data(HttpResponse<Buffer> answer) {
        return answer.bodyAsJsonObject().getJsonArray("data");
    }

    /** The pictures in an answer; null for bytes that are none. */
    private static List<BufferedImage> pictures(HttpResponse<Buffer> answer) throws IOException {
        List<BufferedImage> pictures = new ArrayList<>();
        for (Object result : data(answer)) {
            byte[] bytes = Base64.getDecoder().decode(((JsonObject) result).getString("b64_json"));
            pictures.add(ImageIO.read(new ByteArrayInputStream(bytes)));
        }
        return pictures;
    }

    private static void assertError(HttpResponse<Buffer> answer, int status, String type, String code) {
        assertThat(answer.statusCode()).isEqualTo(status);
        JsonObject error = answer.bodyAsJsonObject().getJsonObject("error");
        assertThat(error.fieldNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
        assertThat(error.getString("message")).isNotBlank();
        assertThat(error.getString("type")).isEqualTo(type);
        assertThat(error.getString("code")).isEqualTo(code);
    }

    private static long millis(Runnable work) {
        long start = System.nanoTime();
        work.run();
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
