package dev.darkroom.backend.openai;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.testing.RecordedExchanges;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the tables of faults and of dialects in {@code docs/backends/openai.md}. */
class OpenAiFaultTableTest extends SimulatorBackendFixture implements HostileServerTests {
    private static final RecordedExchanges LITELLM = RecordedExchanges.load("litellm-1.108.7");

    @Override
    protected BackendSettings backendSettings() {
        return settings("type", BackendType.OPENAI, "url", URI.create("http://10.0.0.1/v1"));
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new OpenAiImagesBackend(vertx, backendSettings(), base.resolve("/v1"), memory(), MAX_HEADER_BYTES);
    }

    @Override
    protected ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", null, 96, 64, count, 7, null, null, InputImages.NONE, 0);
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("openai", "faults", getClass()),
                Stream.of(BackendFault.common(), BackendFault.downloads(), BackendFault.urls())
                        .flatMap(part -> part)
                        .toList());
    }

    @Test
    void documentsDialects() {
        assertDocumented(
                new FaultTable("openai", "dialects", getClass()),
                List.of(
                        BackendFault.response(
                                "OpenAI: 400 `moderation_blocked`",
                                400,
                                error("Your request was rejected by the safety system.", "moderation_blocked")),
                        BackendFault.response(
                                "OpenAI: 429 `rate_limit_exceeded`", 429, error("Rate limit", "rate_limit_exceeded")),
                        BackendFault.response(
                                "OpenAI: 429 `billing_hard_limit_reached`",
                                429,
                                error("Billing hard limit has been reached.", "billing_hard_limit_reached")),
                        // Pull request 19372 of LiteLLM, and the documentation of Azure OpenAI.
                        BackendFault.response(
                                "Azure: 400 with a content filter in `inner_error`",
                                400,
                                "{\"error\":{\"code\":\"contentFilter\",\"message\":\"Your task failed.\",\"inner_error\":"
                                        + "{\"code\":\"ResponsibleAIPolicyViolation\",\"content_filter_results\":"
                                        + "{\"sexual\":{\"filtered\":true,\"severity\":\"high\"}}}}}"),
                        BackendFault.response(
                                "Azure: 429 with a text about the delay",
                                429,
                                "{\"error\":{\"code\":\"429\",\"message\":\"Requests have exceeded the call rate limit."
                                        + " Please retry after 26 seconds.\"}}"),
                        liteLlm("500, lost connection to its provider", "dropped"),
                        liteLlm("408, no response of its provider", "slow"),
                        liteLlm("400 for `response_format`", "unsupported"),
                        liteLlm("400 for an unknown model", "unknown model"),
                        liteLlm("400 for an unknown key", "invalid key"),
                        liteLlm("200 with empty `data`", "empty"),
                        liteLlm("429 during its cooldown of 5 s", "cooldown"),
                        liteLlm("429, exhausted quota without the code of OpenAI", "quota"),
                        liteLlm("400, refusal without the code of OpenAI", "moderation"),
                        BackendFault.response(
                                "LiteLLM: 400 with a policy violation of its provider",
                                400,
                                "{\"error\":{\"message\":\"litellm.ContentPolicyViolationError: AzureException - filtered\","
                                        + "\"type\":null,\"param\":null,\"code\":\"400\"}}"),
                        BackendFault.response(
                                "LiteLLM: 400 `budget_exceeded`",
                                400,
                                "{\"error\":{\"message\":\"Budget has been exceeded!\",\"type\":\"budget_exceeded\","
                                        + "\"param\":null,\"code\":\"400\"}}"),
                        // Issue 3888 of LocalAI.
                        BackendFault.response(
                                "LocalAI: 500 of its worker",
                                500,
                                "{\"error\":{\"code\":500,\"message\":\"rpc error: code = Unavailable desc = error reading from"
                                        + " server: EOF\",\"type\":\"\"}}"),
                        // FastAPI.
                        BackendFault.response(
                                "vLLM-omni, SGLang: 400 with `detail`",
                                400,
                                "{\"detail\":\"response_format='url' is not supported\"}"),
                        BackendFault.response(
                                "vLLM-omni, SGLang: 422 with a list in `detail`",
                                422,
                                "{\"detail\":[{\"type\":\"greater_than_equal\",\"loc\":[\"body\",\"n\"],\"msg\":\"m\"}]}"),
                        BackendFault.response(
                                "vLLM-omni: 503, not ready", 503, "{\"detail\":\"Diffusion engine not initialized\"}"),
                        BackendFault.response("SGLang: 500", 500, "{\"detail\":\"The size of tensor a must match\"}"),
                        // Pull request 13000 of Dynamo, which serves SGLang.
                        BackendFault.response(
                                "SGLang behind Dynamo: 200 with empty `data` and an error",
                                200,
                                "{\"created\":1,\"data\":[],\"error\":\"size is malformed\"}"),
                        // error_types.h of lemonade.
                        BackendFault.response(
                                "lemonade: 500 of its `sd-server`",
                                500,
                                "{\"error\":{\"message\":\"sd-server error: failed\",\"type\":\"backend_error\","
                                        + "\"backend\":\"sd-server\",\"status_code\":500}}"),
                        // examples/server of stable-diffusion.cpp.
                        BackendFault.response("`sd-server`: 400", 400, "{\"error\":\"prompt required\"}"),
                        BackendFault.response(
                                "`sd-server`: 500", 500, "{\"error\":\"generate_image returned no results\"}")));
    }

    private static BackendFault liteLlm(String description, String recorded) {
        return BackendFault.response(
                "LiteLLM: " + description,
                LITELLM.status(recorded),
                LITELLM.responseObject(recorded).encode());
    }

    private static String error(String message, String code) {
        return "{\"error\":{\"message\":\"" + message + "\",\"type\":\"t\",\"param\":null,\"code\":\"" + code + "\"}}";
    }
}
