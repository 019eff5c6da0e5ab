package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.image.Image;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads of images by URL. */
class OpenAiImageDownloadTest extends OpenAiBackendFixture {
    @Test
    void downloadsImagesWithoutTheApiKey() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png?sig=1"), files.url("/b.png")));
        files.script("/a.png?sig=1", files.bytes(200, Buffer.buffer(PNG)));
        files.script("/b.png", files.bytes(200, Buffer.buffer(TestImages.png(8, 8))));

        // when
        List<Image> images = generated(generate(request(2)));

        // then
        assertThat(images).extracting(Image::width).containsExactly(64, 8);
        assertThat(files.requests("/a.png?sig=1").get(0).headers()).doesNotContainKey("authorization");
        assertThat(files.requests("/a.png?sig=1").get(0).headers().toString()).doesNotContain(KEY);
    }

    @Test
    void followsRedirectsOfADownload() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: /elsewhere/b.png"));
        files.script("/elsewhere/b.png", files.respondWith(307, "", "Location: " + files.url("/c.png")));
        files.script("/c.png", files.bytes(200, Buffer.buffer(PNG)));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void stopsARedirectLoopOfADownload() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: /a.png"));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_DOWNLOAD);
        assertThat(backendFailure.code()).isEqualTo("TOO_MANY_REDIRECTS");
        assertThat(files.requests("/a.png")).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///etc/passwd",
                "ftp://127.0.0.1/x",
                "gopher://127.0.0.1/x",
                "jar:http://127.0.0.1/x!/",
                "/relative.png",
                "//no.scheme/x.png",
                "http://",
                "ht tp://x"
            })
    void rejectsInvalidImageUrls(String url) {
        // given
        server.script(GENERATIONS, server.respondWithUrls(url));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.INVALID_RESULT);
        assertThat(backendFailure.code()).isEqualTo("INVALID_IMAGE_URL");
    }

    @Test
    void rejectsRedirectToAFileUrl() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: file:///etc/passwd"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("INVALID_IMAGE_URL");
    }

    @Test
    void retriesAFailedDownloadWithoutASecondSubmission() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script(
                "/a.png", files.respondWith(503, ""), files.dropConnection(), files.bytes(200, Buffer.buffer(PNG)));

        // when
        List<Image> images = generated(generate(request(1)));

        // then
        assertThat(images).hasSize(1);
        assertThat(files.requests("/a.png")).hasSize(3);
        assertThat(server.requests(GENERATIONS)).hasSize(1);
    }

    @Test
    void failsAfterTheLastDownloadAttempt() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(500, ""));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_DOWNLOAD);
        assertThat(backendFailure.httpStatus()).isEqualTo(500);
        assertThat(files.requests("/a.png")).hasSize(3);
    }

    @Test
    void unresponsiveDownloadFailsBeforeTheDeadline() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendNothing());

        // when
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(2))));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_DOWNLOAD);
        assertThat(files.requests("/a.png")).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 410})
    void clientErrorOfADownloadIsALostResult(int status) {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(status, ""));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_LOST);
        assertThat(files.requests("/a.png")).hasSize(1);
    }

    @Test
    void abortsTheDownloadOfAnOversizedImage() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendEndlessBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertConnectionAborted(files);
    }

    @Test
    void deadlineClosesADownloadDuringTheTlsHandshake() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png").replace("http:", "https:")));

        // when each of the three attempts gets a quarter of the time
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(3))));

        // then
        assertThat(backendFailure.code()).isEqualTo("DOWNLOAD_FAILED");
        assertThat(files.totalConnections()).isEqualTo(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void retriesASlowDownloadWithinTheTimeout() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendSlowBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(2))));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_DOWNLOAD);
        assertThat(files.requests("/a.png")).hasSize(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void abortClosesASlowDownload() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendSlowBody());
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> running = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> files.requests("/a.png").size() == 1);

        // when
        backendCall.abort();

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }
}
