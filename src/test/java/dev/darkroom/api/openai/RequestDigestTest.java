package dev.darkroom.api.openai;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;

class RequestDigestTest {
    private static String digest(String operation, String body) {
        return RequestDigest.of(operation, new JsonObject(body));
    }

    @Test
    void orderOfMembersDoesNotMatter() {
        assertThat(digest("create", "{\"prompt\":\"a\",\"n\":1,\"p\":{\"x\":1,\"y\":[2,3]}}"))
                .isEqualTo(digest("create", "{\"p\":{\"y\":[2,3],\"x\":1},\"n\":1,\"prompt\":\"a\"}"))
                .matches("[0-9a-f]{64}");
    }

    @Test
    void eachMemberAndTheOperationMatter() {
        assertThat(digest("create", "{\"prompt\":\"a\"}"))
                .isNotEqualTo(digest("edit", "{\"prompt\":\"a\"}"))
                .isNotEqualTo(digest("create", "{\"prompt\":\"b\"}"))
                .isNotEqualTo(digest("create", "{\"prompt\":\"a\",\"n\":1}"))
                .isNotEqualTo(digest("create", "{\"prompt\":[\"a\"]}"));
    }
}
