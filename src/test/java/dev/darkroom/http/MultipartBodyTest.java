package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.ChunkedBytes;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MultipartBodyTest {
    @Test
    void encodesFieldsAndFiles() {
        // given
        byte[] content = new byte[200_000];
        content[199_999] = 7;
        MultipartBody body = new MultipartBody(16);

        // when
        String text = body.addText("prompt", "ein Löwe\r\n--")
                .addFile("image[]", "image1.png", "image/png", ChunkedBytes.of(content))
                .end()
                .toString(StandardCharsets.UTF_8);

        // then
        String boundary = body.contentType().replace("multipart/form-data; boundary=", "");
        assertThat(text)
                .isEqualTo("--" + boundary
                        + "\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nein Löwe\r\n--\r\n"
                        + "--" + boundary
                        + "\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"image1.png\"\r\n"
                        + "Content-Type: image/png\r\n\r\n" + new String(content, StandardCharsets.UTF_8) + "\r\n"
                        + "--" + boundary + "--\r\n");
    }

    @Test
    void escapesNames() {
        // given
        MultipartBody body = new MultipartBody(16);

        // when
        String text = body.addText("n\"; x=\"\r\nX-Header: 1", "1")
                .addFile("é", "a\".png", "image/png", ChunkedBytes.of(new byte[0]))
                .end()
                .toString(StandardCharsets.UTF_8);

        // then
        assertThat(text)
                .contains("form-data; name=\"n%22; x=%22%0D%0AX-Header: 1\"\r\n\r\n1\r\n")
                .contains("form-data; name=\"é\"; filename=\"a%22.png\"\r\n");
    }

    @Test
    void eachBodyHasItsOwnBoundary() {
        assertThat(new MultipartBody(1).contentType()).isNotEqualTo(new MultipartBody(1).contentType());
    }
}
