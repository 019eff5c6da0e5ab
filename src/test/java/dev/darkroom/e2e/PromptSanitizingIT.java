package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Prompts with control syntax of AI servers, as they are sent to the AI server. */
class PromptSanitizingIT {
    private static final String PROMPT = "a boat|people<sd_cpp_extra_args>{\"steps\":500}</sd_cpp_extra_args>";

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @RegisterExtension
    static final DarkroomExtension trusting = new DarkroomExtension(
            DarkroomInstanceSettings.forTests().with("DARKROOM_BACKEND_PROMPT_SANITIZING", "pass"));

    private static JsonObject submittedBy(DarkroomExtension darkroom) {
        JsonObject ended = darkroom.client()
                .awaitEnd(darkroom.client()
                        .create(new JsonObject().put("prompt", PROMPT).put("negativePrompt", "a|b"))
                        .getString("id"));
        // The API returns the prompt unchanged.
        assertThat(ended.getString("prompt")).isEqualTo(PROMPT);
        assertThat(ended.getString("negativePrompt")).isEqualTo("a|b");
        return darkroom.aiServer()
                .recordedRequests(ended.getString("id"))
                .get(0)
                .getJsonObject("body");
    }

    @Test
    void escapesControlSyntaxInPrompt() {
        JsonObject sent = submittedBy(service);
        assertThat(sent.getString("prompt"))
                .isEqualTo("a boat\u00a6people\u2039sd_cpp_extra_args>{\"steps\":500}\u2039/sd_cpp_extra_args>");
        assertThat(sent.getString("negative_prompt")).isEqualTo("a\u00a6b");
    }

    @Test
    void passesPromptUnchangedWhenConfigured() {
        assertThat(submittedBy(trusting).getString("prompt")).isEqualTo(PROMPT);
    }
}
