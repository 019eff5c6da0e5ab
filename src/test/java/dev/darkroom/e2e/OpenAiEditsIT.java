package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.MultipartBody;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Edits of images by the OpenAI API. */
class OpenAiEditsIT {
    private static final int MAX_FILE_BYTES = 20_000;
    private static final byte[] PHOTO = TestImages.png(80, 64);
    private static final byte[] SECOND = TestImages.jpeg(64, 64);
    private static final byte[] MASK = TestImages.png(64, 64);

    private static final DarkroomExtension.Models MODELS = new DarkroomExtension.Models("""
            backends:
              gpt: {url: "%1$s", parametersSchema: "%2$s"}
              text: {url: "%1$s", maxInputImages: 0}
            models:
              gpt-image: gpt/gpt-image-2
              text-only: text
            """, """
            {"type": "object", "properties": {
              "input_fidelity": {"enum": ["low", "high"]},
              "steps": {"type": "integer", "minimum": 1, "maximum": 50}}}""");

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(
            DarkroomInstanceSettings.forTests()
                    .with("DARKROOM_INPUT_IMAGES_MAX_BYTES", String.valueOf(MAX_FILE_BYTES))
                    .with("DARKROOM_INPUT_IMAGES_MAX_UPLOADS_PER_USER", "3")
                    .with("DARKROOM_INPUT_IMAGES_ALLOWED_NETWORKS", "127.0.0.0/8")
                    .with("DARKROOM_INPUT_IMAGES_ALLOW_HTTP", "true"),
            MODELS);

    @BeforeEach
    void reset() {
        // Files are discarded after the response. Until then, they count towards the quota.
        assertNoUploadsLeft();
    }

    private static MultipartBody form() {
        return new MultipartBody(1024).addText("prompt", "Replace the boat by a lighthouse 🗼");
    }

    private static MultipartBody addFile(MultipartBody form, String field, byte[] image) {
        return form.addFile(
                field,
                "päper \"1\".png",
                "application/octet-stream",
                new ChunkedBytes.Builder().append(Buffer.buffer(image)).build());
    }

    private static ApiResponse post(MultipartBody form) {
        return post(form.contentType(), form.end().getBytes());
    }

    private static ApiResponse post(String contentType, byte[] body) {
        return service.client().send("POST", "/v1/images/edits", Map.of("Content-Type", contentType), body);
    }

    private static JsonObject sent(String field, byte[] image) {
        return new JsonObject()
                .put("field", field)
                .put("bytes", image.length)
                .put("sha256", DigestUtils.sha256Hex(image));
    }

    private static String error(ApiResponse response) {
        JsonObject error = response.json().getJsonObject("error");
        return response.status() + " " + error.getString("type") + " " + error.getString("code") + " "
                + error.getString("param") + " " + error.getString("message");
    }

    /** Waits until no upload counts towards the quota. */
    private static void assertNoUploadsLeft() {
        Awaitility.await("uploads expired")
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(TestPostgres.query(
                                service.database(), "SELECT count(*) FROM uploads WHERE expires_at > now()"))
                        .containsExactly("0"));
    }

    @Test
    void editsTwoImagesWithAMask() {
        // given a form whose prompt follows the files
        MultipartBody form = new MultipartBody(1024);
        addFile(form, "mask", MASK);
        addFile(form, "image[]", PHOTO);
        addFile(form, "image[]", SECOND);
        form.addText("n", "2").addText("size", "64x64").addText("prompt", "Replace the boat by a lighthouse 🗼");

        // when
        ApiResponse response = post(form);

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        JsonArray data = response.json().getJsonArray("data");
        assertThat(data).hasSize(2);
        JsonObject generation = service.client().generation(response.header("Darkroom-Generation-Id"));
        assertThat(DigestUtils.sha256Hex(
                        Base64.getDecoder().decode(data.getJsonObject(0).getString("b64_json"))))
                .isEqualTo(generation.getJsonArray("images").getJsonObject(0).getString("sha256"));
        assertThat(service.aiServer().recordedRequests()).singleElement().satisfies(received -> {
            assertThat(received.getJsonArray("inputImages"))
                    .isEqualTo(new JsonArray(
                            List.of(sent("image[]", PHOTO), sent("image[]", SECOND), sent("mask", MASK))));
            assertThat(received.getJsonObject("body").getString("prompt"))
                    .isEqualTo("Replace the boat by a lighthouse 🗼");
        });
        assertNoUploadsLeft();
    }

    @Test
    void returnsUrlsAndPassesParameters() {
        // when
        ApiResponse response = post(addFile(form(), "image", PHOTO)
                .addText("response_format", "url")
                .addText("input_fidelity", "high")
                .addText("steps", "20")
                .addText("user", "mary"));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        URI url =
                URI.create(response.json().getJsonArray("data").getJsonObject(0).getString("url"));
        assertThat(service.client()
                        .get(url.getRawPath() + "?" + url.getRawQuery())
                        .status())
                .isEqualTo(200);
        JsonObject body = service.aiServer().recordedRequests().get(0).getJsonObject("body");
        assertThat(body.getString("input_fidelity")).isEqualTo("high");
        assertThat(body.getString("steps")).isEqualTo("20");
        assertThat(service.client()
                        .generation(response.header("Darkroom-Generation-Id"))
                        .getJsonObject("parameters"))
                .isEqualTo(new JsonObject().put("input_fidelity", "high").put("steps", 20));
    }

    @Test
    void streamsEditedImages() {
        // when
        ApiResponse response = post(addFile(form(), "image", PHOTO).addText("stream", "true"));

        // then
        assertThat(response.header("Content-Type")).isEqualTo("text/event-stream");
        assertThat(response.text()).contains("event: image_edit.completed\ndata: {\"type\":\"image_edit.completed\"");
        assertNoUploadsLeft();
    }

    @Test
    void repeatsNoEditWithTheSameKey() {
        // given
        byte[] body = addFile(form(), "image", PHOTO).end().getBytes();
        String boundary = new String(body, 2, 45, StandardCharsets.US_ASCII);
        Map<String, String> headers =
                Map.of("Content-Type", "multipart/form-data; boundary=" + boundary, "Idempotency-Key", "edit-1");

        // when
        ApiResponse first = service.client().send("POST", "/v1/images/edits", headers, body);
        ApiResponse second = service.client().send("POST", "/v1/images/edits", headers, body);

        // then
        assertThat(first.status()).as(first.text()).isEqualTo(200);
        assertThat(second.header("Idempotency-Replayed")).as(second.text()).isEqualTo("true");
        assertThat(second.json()).isEqualTo(first.json());
        assertThat(service.aiServer().recordedRequests()).hasSize(1);
        assertNoUploadsLeft();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "text-only | | | 400 invalid_request_error invalid_value image"
                        + " Invalid value for 'image': is not supported by the model text-only.",
                "gpt-image | n | 0 | 400 invalid_request_error invalid_value n"
                        + " Invalid value for 'n': must be at least 1.",
                "gpt-image | n | two | 400 invalid_request_error invalid_value n"
                        + " Invalid value for 'n': must be an integer.",
                "gpt-image | steps | 51 | 400 invalid_request_error invalid_value steps"
                        + " Invalid value for 'steps': must have a maximum value of 50.",
                "gpt-image | colour | red | 400 invalid_request_error unknown_parameter colour Unknown parameter: 'colour'.",
                "gpt-image | quality | high | 400 invalid_request_error unsupported_parameter quality"
                        + " The model 'gpt-image' does not support the parameter 'quality'.",
                "gpt-image | prompt | again | 400 invalid_request_error invalid_value prompt"
                        + " Invalid value for 'prompt': must not be given more than once.",
                "nothing | | | 404 invalid_request_error model_not_found model The model 'nothing' does not exist."
                        + " Known are gpt-image, text-only.",
            })
    void rejectsInvalidFieldsAndKeepsNoUpload(String model, String field, String value, String expected) {
        // given
        MultipartBody form = addFile(form(), "image", PHOTO).addText("model", model);
        if (field != null) {
            form.addText(field, value);
        }

        // when
        ApiResponse response = post(form);

        // then
        assertThat(error(response)).isEqualTo(expected);
        assertThat(service.aiServer().recordedRequests()).isEmpty();
        assertNoUploadsLeft();
    }

    @Test
    void rejectsHostileFiles() {
        assertThat(error(post(form())))
                .isEqualTo("400 invalid_request_error missing_required_parameter image"
                        + " Missing required parameter: 'image'.");
        assertThat(error(post(addFile(form(), "image", new byte[0]))))
                .isEqualTo("400 invalid_request_error invalid_value image"
                        + " Invalid value for 'image': must not be an empty file.");
        assertThat(error(post(addFile(form(), "image", "<svg/>".getBytes(StandardCharsets.UTF_8)))))
                .startsWith("400 invalid_request_error invalid_value image Invalid value for 'image': ");
        assertThat(error(post(addFile(form(), "image", new byte[MAX_FILE_BYTES + 1]))))
                .isEqualTo("413 invalid_request_error request_too_large null"
                        + " The file of 'image' may have at most 20000 bytes.");
        assertThat(error(post(addFile(addFile(form(), "mask", MASK), "mask", MASK))))
                .isEqualTo("400 invalid_request_error invalid_value mask"
                        + " Invalid value for 'mask': must not be given more than once.");
        assertThat(error(post(addFile(addFile(form(), "image", PHOTO), "prompt2", MASK))))
                .isEqualTo("400 invalid_request_error invalid_value prompt2"
                        + " Invalid value for 'prompt2': must not be a file.");
        MultipartBody many = form();
        for (int i = 0; i < 17; i++) {
            addFile(many, "image[]", PHOTO);
        }
        assertThat(error(post(many))).startsWith("429 insufficient_quota");
        byte[] whole = addFile(form(), "image", PHOTO).end().getBytes();
        assertThat(error(post("multipart/form-data; boundary=other", whole)))
                .startsWith("400 invalid_request_error invalid_request null body: is not complete");
        assertThat(error(post("multipart/form-data", whole))).startsWith("400 invalid_request_error");
        assertThat(error(post("text/plain", whole)))
                .isEqualTo("415 invalid_request_error unsupported_media_type null"
                        + " The body must be one of application/json, multipart/form-data.");
        assertNoUploadsLeft();
    }

    private static ApiResponse postUrl(String url) {
        return postJson(new JsonObject().put("image_url", url), new JsonObject());
    }

    private static ApiResponse postJson(JsonObject reference, JsonObject members) {
        JsonObject request = new JsonObject()
                .put("prompt", "A pier")
                .put("images", new JsonArray().add(reference))
                .mergeIn(members);
        return post("application/json", request.toBuffer().getBytes());
    }

    @Test
    void editsImagesByUrl() {
        // given an image that has a URL
        JsonObject made = service.client()
                .awaitEnd(service.client()
                        .create(new JsonObject()
                                .put("prompt", "A pier")
                                .put("width", 64)
                                .put("height", 64))
                        .getString("id"));
        JsonObject image = made.getJsonArray("images").getJsonObject(0);
        service.aiServer().reset();

        // when
        ApiResponse response =
                postJson(new JsonObject().put("image_url", image.getString("url")), new JsonObject().putNull("mask"));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(service.aiServer()
                        .recordedRequests()
                        .get(0)
                        .getJsonArray("inputImages")
                        .getJsonObject(0)
                        .getString("sha256"))
                .isEqualTo(image.getString("sha256"));
    }

    @Test
    void rejectsOtherReferences() {
        assertThat(error(postUrl("https://10.0.0.1/photo.png")))
                .startsWith("400 invalid_request_error invalid_value images Invalid value for 'images': ");
        assertThat(error(postUrl("data:image/png;base64,AA==")))
                .isEqualTo("400 invalid_request_error unsupported_parameter images Only URLs in 'image_url' are"
                        + " supported in JSON: send other images as multipart/form-data.");
    }

    @Test
    void ignoresNoMemberOfJson() {
        // given
        JsonObject reference = new JsonObject().put("image_url", "https://images.example.org/photo.png");

        // then
        assertThat(error(postJson(reference.copy().put("file_id", "file-1"), new JsonObject())))
                .startsWith("400 invalid_request_error unsupported_parameter images ");
        assertThat(error(postJson(reference.copy().put("detail", "high"), new JsonObject())))
                .startsWith("400 invalid_request_error invalid_value images ");
        assertThat(error(postJson(reference, new JsonObject().put("image", "photo.png"))))
                .startsWith("400 invalid_request_error unknown_parameter image ");
    }
}
