package dev.darkroom.backend.http;

import static dev.darkroom.backend.FailureClass.AMBIGUOUS;
import static dev.darkroom.backend.FailureClass.MODERATED;
import static dev.darkroom.backend.FailureClass.REJECTED_RETRYABLE;
import static dev.darkroom.backend.FailureClass.SERVER_ERROR;
import static dev.darkroom.backend.FailureClass.TERMINAL_AUTH;
import static dev.darkroom.backend.FailureClass.TERMINAL_INPUT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorResponseMapperTest {
    private static final String PLAIN = "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":null}}";

    private final ErrorResponseMapper mapper = new ErrorResponseMapper(new RetryAfterParser(Clock.systemUTC()));

    @ParameterizedTest
    @MethodSource("responses")
    void mapsStatusAndBody(int status, String body, FailureClass expectedClass, String expectedCode) {
        // when
        BackendFailure backendFailure = mapper.toFailure(response(status, body));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(expectedClass);
        assertThat(backendFailure.code()).isEqualTo(expectedCode);
        assertThat(backendFailure.httpStatus()).isEqualTo(status);
    }

    static Stream<Arguments> responses() {
        return Stream.of(
                Arguments.of(400, PLAIN, TERMINAL_INPUT, "INVALID_REQUEST"),
                Arguments.of(400, "", TERMINAL_INPUT, "INVALID_REQUEST"),
                Arguments.of(400, coded("moderation_blocked"), MODERATED, "MODERATED"),
                Arguments.of(400, coded("content_policy_violation"), MODERATED, "MODERATED"),
                Arguments.of(400, typed("content_policy_violation"), MODERATED, "MODERATED"),
                Arguments.of(400, coded("content_filter"), MODERATED, "MODERATED"),
                Arguments.of(400, coded("billing_hard_limit_reached"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(401, PLAIN, TERMINAL_AUTH, "UNAUTHORIZED"),
                Arguments.of(402, PLAIN, TERMINAL_AUTH, "PAYMENT_REQUIRED"),
                Arguments.of(403, "<html>Forbidden</html>", TERMINAL_AUTH, "FORBIDDEN"),
                Arguments.of(404, PLAIN, TERMINAL_INPUT, "NOT_FOUND"),
                Arguments.of(405, PLAIN, TERMINAL_INPUT, "INVALID_REQUEST"),
                Arguments.of(408, PLAIN, AMBIGUOUS, "GATEWAY_TIMEOUT"),
                Arguments.of(409, PLAIN, REJECTED_RETRYABLE, "CONFLICT"),
                Arguments.of(413, PLAIN, TERMINAL_INPUT, "REQUEST_TOO_LARGE"),
                Arguments.of(415, PLAIN, TERMINAL_INPUT, "INVALID_REQUEST"),
                Arguments.of(418, PLAIN, TERMINAL_INPUT, "REQUEST_REJECTED"),
                Arguments.of(422, "{\"detail\":[{\"loc\":[\"size\"]}]}", TERMINAL_INPUT, "INVALID_REQUEST"),
                Arguments.of(425, PLAIN, REJECTED_RETRYABLE, "TOO_EARLY"),
                Arguments.of(429, PLAIN, REJECTED_RETRYABLE, "RATE_LIMITED"),
                Arguments.of(429, "", REJECTED_RETRYABLE, "RATE_LIMITED"),
                Arguments.of(429, coded("rate_limit_exceeded"), REJECTED_RETRYABLE, "RATE_LIMITED"),
                Arguments.of(429, coded("insufficient_quota"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(429, typed("insufficient_quota"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(429, coded("credit_balance_exhausted"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(429, coded("organization_spend_limit_exceeded"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(429, coded("project_spend_limit_exceeded"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(429, coded("billing_hard_limit_reached"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(500, PLAIN, SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of(500, coded("insufficient_quota"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of(500, coded("content_policy_violation"), MODERATED, "MODERATED"),
                Arguments.of(502, coded("moderation_blocked"), MODERATED, "MODERATED"),
                Arguments.of(503, typed("content_filter"), MODERATED, "MODERATED"),
                Arguments.of(500, "{\"error\":\"out of memory\"}", SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of(502, "<html><h1>502 Bad Gateway</h1></html>", SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of(503, "{\"detail\":\"queue full\"}", REJECTED_RETRYABLE, "UNAVAILABLE"),
                Arguments.of(504, "", AMBIGUOUS, "GATEWAY_TIMEOUT"),
                Arguments.of(520, "", SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of(524, "", AMBIGUOUS, "GATEWAY_TIMEOUT"),
                Arguments.of(529, PLAIN, REJECTED_RETRYABLE, "UNAVAILABLE"),
                Arguments.of(599, "", SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of(301, "", SERVER_ERROR, "UNEXPECTED_REDIRECT"),
                Arguments.of(307, "", SERVER_ERROR, "UNEXPECTED_REDIRECT"),
                Arguments.of(304, "", SERVER_ERROR, "UNEXPECTED_REDIRECT"));
    }

    /** Refusals in the formats of gateways and other vendors. */
    @ParameterizedTest
    @MethodSource("refusals")
    void findsRefusalsInEveryFieldAndFormat(String body, String expectedCode) {
        for (int status : new int[] {400, 422, 500}) {
            assertThat(mapper.toFailure(response(status, body)).code())
                    .as("status %d", status)
                    .isEqualTo(expectedCode);
        }
        assertThat(mapper.findRefusal(response(200, body), Buffer.buffer(body)).code())
                .isEqualTo(expectedCode);
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(coded("contentFilter"), "MODERATED"),
                Arguments.of(coded("CONTENT_POLICY_VIOLATION"), "MODERATED"),
                Arguments.of(coded("content-policy-violation"), "MODERATED"),
                Arguments.of(typed("ContentPolicyViolationError"), "MODERATED"),
                Arguments.of(
                        "{\"error\":{\"message\":\"litellm.ContentPolicyViolationError: AzureException - filtered\",\"code\":\"400\"}}",
                        "MODERATED"),
                Arguments.of(
                        "{\"error\":{\"code\":\"400\",\"provider_specific_fields\":{\"innererror\":"
                                + "{\"code\":\"ResponsibleAIPolicyViolation\"}}}}",
                        "MODERATED"),
                Arguments.of(
                        "{\"error\":{\"inner_error\":{\"content_filter_results\":{\"hate\":{\"filtered\":true}}}}}",
                        "MODERATED"),
                Arguments.of("{\"detail\":{\"error\":{\"code\":\"content_policy_violation\"}}}", "MODERATED"),
                Arguments.of("{\"detail\":[{\"type\":\"content_policy_violation\",\"msg\":\"m\"}]}", "MODERATED"),
                Arguments.of("{\"data\":[{\"error\":{\"code\":\"content_policy_violation\"}}]}", "MODERATED"),
                Arguments.of("{\"errors\":[{\"code\":\"moderation_blocked\"}]}", "MODERATED"),
                Arguments.of("{\"candidates\":[{\"finishReason\":\"IMAGE_SAFETY\"}]}", "MODERATED"),
                Arguments.of("{\"candidates\":[{\"finishReason\":\"SAFETY\"}]}", "MODERATED"),
                Arguments.of("{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}}", "MODERATED"),
                Arguments.of("{\"status\":\"Request Moderated\"}", "MODERATED"),
                Arguments.of("{\"error\":\"content_policy_violation\"}", "MODERATED"),
                Arguments.of("upstream said: content_policy_violation", "MODERATED"),
                Arguments.of(
                        "{\"error\":{\"message\":\"Your request was rejected as a result of our safety system.\",\"code\":null}}",
                        "MODERATED"),
                Arguments.of(
                        "{\"error\":\"Your request was rejected by the safety system. Your request ID\"}", "MODERATED"),
                Arguments.of(
                        "{\"message\":\"filtered due to the prompt triggering Azure OpenAI's content management policy\"}",
                        "MODERATED"),
                Arguments.of("{\"code\":\"insufficient_user_quota\",\"message\":\"m\"}", "QUOTA_EXHAUSTED"),
                Arguments.of("{\"error\":{\"type\":\"budget_exceeded\",\"code\":\"400\"}}", "QUOTA_EXHAUSTED"),
                Arguments.of("{\"error\":{\"code\":\"Arrearage\"}}", "QUOTA_EXHAUSTED"),
                Arguments.of("{\"error\":{\"code\":\"insufficient_quota\",\"type\":\"content_filter\"}}", "MODERATED"));
    }

    /** Texts of the client and ordinary sentences are not codes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"the content filter of the safety system is off\",\"code\":\"x\"}}",
                "{\"error\":{\"message\":\"m\",\"prompt\":\"content_policy_violation\"}}",
                "{\"detail\":[{\"loc\":[\"body\"],\"input\":{\"prompt\":\"content_filter\"}}]}",
                "{\"error\":{\"content_filter_results\":{\"hate\":{\"filtered\":false}}}}",
                "{\"error\":{\"message\":\"safety\",\"code\":\"rate_limit_exceeded\"}}"
            })
    void ignoresOtherErrors(String body) {
        assertThat(mapper.toFailure(response(500, body)).code()).isEqualTo("SERVER_ERROR");
    }

    @ParameterizedTest
    @MethodSource("formats")
    void findsTheMessageInEveryFormat(String body, String expectedDetail) {
        assertThat(mapper.toFailure(response(500, body)).detail()).isEqualTo(expectedDetail);
    }

    static Stream<Arguments> formats() {
        return Stream.of(
                Arguments.of("{\"error\":{\"message\":\"boom\",\"code\":\"c\",\"type\":\"t\"}}", "c: boom"),
                Arguments.of("{\"error\":{\"message\":\"boom\",\"code\":null,\"type\":\"t\"}}", "t: boom"),
                Arguments.of("{\"error\":{\"message\":null}}", ""),
                Arguments.of("{\"error\":\"boom\"}", "boom"),
                Arguments.of(
                        "{\"errors\":[\"content-type: required\"],\"id\":\"a\",\"name\":\"bad_request\"}",
                        "bad_request: [\"content-type: required\"]"),
                Arguments.of("{\"error\":[1]}", "[1]"),
                Arguments.of("{\"error\":\"E\",\"detail\":\"\",\"body\":\"\",\"errors\":\"boom\"}", "E: boom"),
                Arguments.of("{\"error\":\"E\",\"detail\":\"boom\",\"errors\":\"\"}", "E: boom"),
                Arguments.of("{\"error\":\"E\",\"message\":\"boom\"}", "E: boom"),
                Arguments.of("{\"detail\":\"boom\"}", "boom"),
                Arguments.of("{\"detail\":[{\"msg\":\"boom\"}]}", "[{\"msg\":\"boom\"}]"),
                Arguments.of("{\"message\":\"boom\"}", "boom"),
                Arguments.of("{\"other\":1}", "{\"other\":1}"),
                Arguments.of("<h1>boom</h1>\r\n", "<h1>boom</h1>\r\n"),
                Arguments.of("[1,2]", "[1,2]"),
                Arguments.of("null", "null"),
                Arguments.of("", ""));
    }

    @Test
    void messageNeverQuotesTheServer() {
        // when
        BackendFailure backendFailure =
                mapper.toFailure(response(400, "{\"error\":{\"message\":\"You drew a Zebra\"}}"));

        // then
        assertThat(backendFailure.message()).doesNotContain("Zebra");
        assertThat(backendFailure.detail()).isEqualTo("You drew a Zebra");
    }

    @Test
    void readsRetryAfterFromHeaderOrBody() {
        // given
        OutboundResponse header = response(429, PLAIN);
        header.headers().add("Retry-After", "2");
        OutboundResponse body = response(503, "{\"error\":{\"message\":\"m\",\"retry_after\":3.5}}");
        OutboundResponse bodyOutside = response(503, "{\"detail\":\"m\",\"retry_after\":4}");

        // then
        assertThat(mapper.toFailure(header).retryAfter()).isEqualTo(Duration.ofSeconds(2));
        assertThat(mapper.toFailure(body).retryAfter()).isEqualTo(Duration.ofMillis(3500));
        assertThat(mapper.toFailure(bodyOutside).retryAfter()).isEqualTo(Duration.ofSeconds(4));
    }

    @ParameterizedTest
    @MethodSource("requestedDelays")
    void findsTheRequestedDelayInTheBody(String body, String expectedSeconds) {
        Duration delay = mapper.toFailure(response(429, body)).retryAfter();
        assertThat(delay).isEqualTo(expectedSeconds == null ? null : Duration.parse("PT" + expectedSeconds + "S"));
    }

    /** Bodies of servers and gateways, as their documentation or issue reports quote them. */
    static Stream<Arguments> requestedDelays() {
        return Stream.of(
                // replicate npm 1.4.0, recorded
                Arguments.of("{\"detail\":\"throttled\",\"status\":429,\"retry_after\":1}", "1"),
                // replicate.com/docs/topics/predictions/rate-limits
                Arguments.of("{\"detail\":\"Request was throttled. Your rate limit resets in ~30s.\"}", "30"),
                // black-forest-labs/skills, rate-limiting.md
                Arguments.of(
                        "{\"error\":\"rate_limit_exceeded\",\"message\":\"Too many concurrent requests\",\"retry_after\":5}",
                        "5"),
                // OpenAI, github.com/receptron/mulmocast-cli/issues/477
                Arguments.of(
                        "{\"error\":{\"message\":\"You've exceeded the rate limit, please slow down and try again after 51.84 seconds.\"}}",
                        "51.84"),
                // OpenAI, github.com/abi/screenshot-to-code/issues/76
                Arguments.of(
                        "{\"error\":{\"message\":\"Limit 10000, Used 6701, Requested 4497. Please try again in 7.188s.\"}}",
                        "7.188"),
                Arguments.of("{\"error\":{\"message\":\"Please try again in 1m30.5s. Visit\"}}", "90.5"),
                Arguments.of("{\"error\":{\"message\":\"Please try again in 128ms.\"}}", "0.128"),
                // Azure behind LiteLLM, github.com/jasonacox/TinyLLM/issues/17
                Arguments.of(
                        "{\"error\":{\"message\":\"litellm.RateLimitError: AzureException RateLimitError - Please retry after 86400 seconds. Please contact\",\"code\":\"429\"}}",
                        "86400"),
                // Google, github.com/googleapis/python-genai/pull/2114
                Arguments.of(
                        "{\"error\":{\"code\":429,\"message\":\"Please retry in 58.934310785s.\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"58s\"}]}}",
                        "58"),
                // Google, github.com/router-for-me/CLIProxyAPI/pull/449
                Arguments.of(
                        "[{\"error\":{\"details\":[{\"metadata\":{\"quotaResetDelay\":\"373.801628ms\"}}]}}]", "0.373"),
                // github.com/firezone/firezone/pull/15066
                Arguments.of("{\"message\":\"m\",\"retry_after_seconds\":12}", "12"),
                Arguments.of("{\"error\":\"Too many requests\",\"retryAfter\":30}", "30"),
                Arguments.of("{\"error\":{\"message\":\"m\"},\"retry-after\":\"20\"}", "20"),
                Arguments.of("{\"detail\":{\"error\":\"rate_limited\",\"retry_after_ms\":1500}}", "1.5"),
                // techdocs.akamai.com/cps/reference/429
                Arguments.of("{\"detail\":\"You have exhausted your quota. Retry after: 21 seconds\"}", "21"),
                Arguments.of("Too many requests, try again in 3 seconds", "3"));
    }

    /** Prompts, negative numbers and texts that are no delay. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"retry_after\":-1}",
                "{\"retry_after\":\"soon\"}",
                "{\"retry_after\":null}",
                "{\"retry_after\":{\"a\":1}}",
                "{\"prompt\":\"try again in 5 seconds\"}",
                "{\"input\":{\"retry_after\":5}}",
                "{\"message\":\"Please try again later, within 5 seconds.\"}",
                "{\"message\":\"retry in 5 steps\"}",
                "<html>429 Too Many Requests</html>"
            })
    void findsNoDelayInOtherBodies(String body) {
        assertThat(mapper.toFailure(response(429, body)).retryAfter()).isNull();
    }

    @ParameterizedTest
    @MethodSource("errorsInSuccess")
    void mapsErrorInSuccessByItsCode(String body, FailureClass expectedClass, String expectedCode) {
        // when
        BackendFailure backendFailure = mapper.toFailureInSuccess(response(200, body), Buffer.buffer(body));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(expectedClass);
        assertThat(backendFailure.code()).isEqualTo(expectedCode);
    }

    static Stream<Arguments> errorsInSuccess() {
        return Stream.of(
                Arguments.of(PLAIN, SERVER_ERROR, "ERROR_IN_RESPONSE"),
                Arguments.of("{\"error\":\"boom\"}", SERVER_ERROR, "ERROR_IN_RESPONSE"),
                Arguments.of(coded("moderation_blocked"), MODERATED, "MODERATED"),
                Arguments.of(coded("insufficient_quota"), TERMINAL_AUTH, "QUOTA_EXHAUSTED"));
    }

    private static OutboundResponse response(int status, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new OutboundResponse(status, MultiMap.caseInsensitiveMultiMap(), ChunkedBytes.of(bytes), false);
    }

    private static String coded(String code) {
        return "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":\"" + code + "\"}}";
    }

    private static String typed(String type) {
        return "{\"error\":{\"message\":\"m\",\"type\":\"" + type + "\",\"param\":null,\"code\":null}}";
    }
}
