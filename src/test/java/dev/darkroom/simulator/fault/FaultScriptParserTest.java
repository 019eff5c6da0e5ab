package dev.darkroom.simulator.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.simulator.http.SimulatorRequestException;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parsing of scripts, and the order of their steps. */
class FaultScriptParserTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {"ok":true}                            | image
                    {"delay":"1500ms"}                     | image
                    {"status":500}                         | status 500
                    {"status":429,"retryAfter":2}          | status 429
                    {"status":429,"retryAfterMs":1500}     | status 429
                    {"status":504,"accepted":true}         | status 504 after accept
                    {"html":true,"accepted":true}          | status 502 with html after accept
                    {"drop":true}                          | drop
                    {"dropAccepted":true}                  | drop after accept
                    {"failedJob":"RuntimeError: text"}     | failed job
                    {"hang":true}                          | hang
                    {"malformedBody":true}                 | malformed body
                    {"noImages":true}                      | no images
                    {"invalidImage":true}                  | invalid image
                    {"tooFewImages":true}                  | too few images
                    {"moderation":true}                    | moderation
                    {"quota":true}                         | quota
                    {"url":"http://example.org/a.png"}     | url
                    {"urlResult":true}                     | url result
                    {"errorBody":"string"}                 | status 500 with error
                    {"errorBody":"detail","status":422}    | status 422 with detail
                    {"html":true}                          | status 502 with html
                    {"truncated":true}                     | truncated
                    {"redirectLoop":true}                  | redirect to itself
                    {"contentType":"text/plain"}           | content type text/plain
                    {"slowBody":true}                      | slow body
                    {"slowBody":true,"interval":"200ms"}   | slow body
                    {"oversizedBody":true}                 | oversized body
                    {"oversizedBody":true,"bytes":4096,"chunked":true,"interval":5} | oversized body
                    {"random":{"failurePercent":80}}       | random
                    {"random":{"failurePercent":0,"latency":["50ms","2s"],"seed":-7}} | random
                    """)
    void parsesEveryFault(String step, String description) {
        assertThat(parse(step).fault().description()).isEqualTo(description);
    }

    @Test
    void parsesStatusWithHeaderAndBody() {
        // when
        ScriptStep scriptedStep =
                parse("{\"status\":503,\"retryAfter\":\"Wed, 21 Oct 2026 07:28:00 GMT\",\"body\":{\"a\":1}}");

        // then
        assertThat(scriptedStep.fault())
                .isEqualTo(FixedResponse.status(
                        503, Map.of("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"), new JsonObject().put("a", 1)));
    }

    @ParameterizedTest
    @CsvSource({"'\"250ms\"',250", "'\"2s\"',2000", "'\"1m\"',60000", "1500,1500", "0,0"})
    void parsesDelayWithFault(String delay, long millis) {
        assertThat(parse("{\"drop\":true,\"delay\":" + delay + "}").delay()).isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void hasNullDelayByDefault() {
        assertThat(parse("{\"drop\":true}").delay()).isNull();
    }

    @Test
    void usesDefaultIntervalAndSize() {
        assertThat(parse("{\"slowBody\":true}").fault()).isEqualTo(new SlowBody(Duration.ofSeconds(1)));
        assertThat(parse("{\"oversizedBody\":true}").fault())
                .isEqualTo(new OversizedBody(100 * 1024 * 1024, true, Duration.ZERO));
        assertThat(parse("{\"oversizedBody\":true,\"bytes\":4096,\"chunked\":true,\"interval\":\"1s\"}")
                        .fault())
                .isEqualTo(new OversizedBody(4096, false, Duration.ofSeconds(1)));
    }

    @Test
    void parsesDownloadFaultsAsSteps() {
        // when
        ScriptStep scriptedStep =
                parse("{\"urlResult\":true,\"downloadFaults\":[{\"status\":500,\"times\":2},{\"drop\":true}]}");

        // then
        assertThat(((UrlResult) scriptedStep.fault()).downloadFaults())
                .extracting(fault -> fault.fault().description() + " x" + fault.times())
                .containsExactly("status 500 x2", "drop x1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {}                                | steps[0]: has no fault; known faults are delay, ok, drop
                    {"times":2}                       | steps[0]: has no fault
                    {"explode":true}                  | steps[0]: has no fault
                    {"drop":true,"explode":1}         | steps[0]: unknown key "explode"
                    {"drop":true,"hang":true}         | steps[0]: "hang" cannot be combined with "drop"
                    {"drop":true,"status":500}        | steps[0]: "status" cannot be combined with "drop"
                    {"drop":true,"retryAfter":1}      | steps[0]: unknown key "retryAfter"
                    {"drop":true,"accepted":true}     | steps[0]: unknown key "accepted"
                    {"status":500,"retryAfterMs":true} | steps[0]: retryAfterMs must be
                    {"delay":"1s","retryAfter":1}     | steps[0]: unknown key "retryAfter"
                    {"drop":false}                    | steps[0]: drop must be true
                    {"status":"500"}                  | steps[0]: status must be a whole number, 200 to 599
                    {"status":99}                     | steps[0]: status must be a whole number, 200 to 599
                    {"status":500,"retryAfter":true}  | steps[0]: retryAfter must be
                    {"status":500,"retryAfter":"a\\nb"} | steps[0]: retryAfter must be
                    {"delay":"soon"}                  | steps[0]: delay must be
                    {"delay":-1}                      | steps[0]: delay must be
                    {"delay":"61m"}                   | steps[0]: delay must be
                    {"drop":true,"times":0}           | steps[0]: times must be 1 to 1000000, or -1 for unlimited
                    {"drop":true,"times":1.5}         | steps[0]: times must be
                    {"url":1}                         | steps[0]: url must be a string
                    {"errorBody":"xml"}               | steps[0]: errorBody must be "string" or "detail"
                    {"urlResult":true,"downloadFaults":1} | steps[0].downloadFaults must be an array
                    {"urlResult":true,"downloadFaults":[{"noImages":true}]} | steps[0]: "no images" cannot be used for a download
                    {"urlResult":true,"downloadFaults":[{"status":1}]} | steps[0].downloadFaults[0]: status must be
                    {"urlResult":true,"downloadFaults":[{"drop":true,"apiKey":"a"}]} | steps[0]: "apiKey" cannot be used for a download
                    {"urlResult":true,"downloadFaults":[{"drop":true,"models":true}]} | steps[0]: "models" cannot be used for a download
                    {"drop":true,"times":-1},{"ok":true} | steps[1]: is never used
                    {"drop":true,"times":-1},{"ok":true,"apiKey":"a"} | steps[1]: is never used
                    {"drop":true,"times":-1,"apiKey":"a"},{"hang":true},{"ok":true,"apiKey":"a"} | steps[2]: is never used
                    {"urlResult":true,"downloadFaults":[{"drop":true,"times":-1},{"hang":true}]} | steps[0].downloadFaults[1]: is never used
                    {"urlResult":true,"downloadFaults":[{"random":{"failurePercent":1}}]} | steps[0]: "random" cannot be used
                    {"truncated":1}                   | steps[0]: truncated must be true
                    {"redirectLoop":true,"status":301} | steps[0]: "status" cannot be combined with "redirectLoop"
                    {"contentType":true}              | steps[0]: contentType must be a string
                    {"contentType":"a\\nb"}           | steps[0]: contentType must be a header value
                    {"contentType":""}                | steps[0]: contentType must be a header value
                    {"slowBody":true,"interval":"often"} | steps[0]: interval must be milliseconds
                    {"hang":true,"interval":"1s"}     | steps[0]: unknown key "interval"
                    {"oversizedBody":true,"bytes":10} | steps[0]: bytes must be a whole number, 1024 to
                    {"oversizedBody":true,"bytes":"100MB"} | steps[0]: bytes must be a whole number
                    {"oversizedBody":true,"chunked":1} | steps[0]: chunked must be true or false
                    {"random":true}                   | steps[0]: random must be an object
                    {"random":{}}                     | steps[0].random: failurePercent must be a whole number, 0 to 100
                    {"random":{"failurePercent":101}} | steps[0].random: failurePercent must be
                    {"random":{"failurePercent":1,"latency":"1s"}} | steps[0].random: latency must be an array
                    {"random":{"failurePercent":1,"latency":["1s"]}} | steps[0].random: latency must be an array
                    {"random":{"failurePercent":1,"latency":["1s","x"]}} | steps[0].random: latency must be milliseconds
                    {"random":{"failurePercent":1,"latency":["2s","1s"]}} | steps[0].random: latency must have the minimum first
                    {"random":{"failurePercent":1,"seed":"a"}} | steps[0].random: seed must be a whole number
                    {"random":{"failurePercent":1,"mood":2}} | steps[0].random: unknown key "mood"
                    {"random":{"failurePercent":1},"delay":"1s"} | steps[0]: "delay" cannot be combined with "random"
                    """)
    void rejectsInvalidStepWithPositionAndReason(String step, String message) {
        assertThatThrownBy(() -> parse(step))
                .isInstanceOf(SimulatorRequestException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"steps\":null}", "{\"steps\":{}}", "{\"steps\":[1]}", "{\"steps\":[],\"more\":1}"})
    void rejectsInvalidScript(String script) {
        assertThatThrownBy(() -> FaultScriptParser.parseScript(new JsonObject(script)))
                .isInstanceOf(SimulatorRequestException.class)
                .hasMessageContaining("steps");
    }

    @Test
    void reportsIndexOfInvalidStep() {
        assertThatThrownBy(
                        () -> FaultScriptParser.parseScript(new JsonObject("{\"steps\":[{\"ok\":true},{\"oops\":1}]}")))
                .hasMessageStartingWith("steps[1]");
    }

    @Test
    void takesStepsInOrderThenHasNoFault() {
        // given
        FaultScript faultScript = new FaultScript();
        faultScript.replace(FaultScriptParser.parseScript(
                new JsonObject("{\"steps\":[{\"status\":500,\"times\":2},{\"delay\":5},{\"drop\":true}]}")));

        // when
        faultScript.nextStep();

        // then the remaining steps are shown in the form of the script
        assertThat(faultScript.toJson())
                .isEqualTo(new JsonObject("{\"steps\":[{\"status\":500},{\"delay\":5},{\"drop\":true}]}"));
        assertThat(List.of(
                        next(faultScript), next(faultScript), next(faultScript), next(faultScript), next(faultScript)))
                .containsExactly("status 500", "image", "drop", "image", "image");
        assertThat(faultScript.toJson()).isEqualTo(new JsonObject("{\"steps\":[]}"));
    }

    @Test
    void stepWithApiKeyAppliesToItsRequestsOnly() {
        // given
        FaultScript faultScript = new FaultScript();
        faultScript.replace(FaultScriptParser.parseScript(
                new JsonObject("{\"steps\":[{\"status\":401,\"apiKey\":\"one\",\"times\":2},{\"drop\":true}]}")));
        MultiMap one = MultiMap.caseInsensitiveMultiMap().add("authorization", "Bearer one");
        MultiMap two = MultiMap.caseInsensitiveMultiMap().add("X-Key", "two");

        // then
        assertThat(next(faultScript, one)).isEqualTo("status 401");
        assertThat(next(faultScript, two)).isEqualTo("drop");
        assertThat(next(faultScript, two)).isEqualTo("image");
        assertThat(next(faultScript)).isEqualTo("image");
        assertThat(faultScript.toJson()).isEqualTo(new JsonObject("{\"steps\":[{\"status\":401,\"apiKey\":\"one\"}]}"));
        assertThat(next(faultScript, one)).isEqualTo("status 401");
        assertThat(next(faultScript, one)).isEqualTo("image");
    }

    private static String next(FaultScript faultScript, MultiMap headers) {
        return faultScript.nextStep(headers).fault().description();
    }

    @Test
    void keepsUnlimitedStep() {
        // given
        FaultScript faultScript = new FaultScript();
        faultScript.replace(
                FaultScriptParser.parseScript(new JsonObject("{\"steps\":[{\"status\":500,\"times\":-1}]}")));

        // then
        for (int i = 0; i < 100; i++) {
            assertThat(next(faultScript)).isEqualTo("status 500");
        }
        assertThat(faultScript.toJson()).isEqualTo(new JsonObject("{\"steps\":[{\"status\":500,\"times\":-1}]}"));
    }

    @Test
    void drawsSameStepsForSameSeed() {
        // given
        String profile = "{\"random\":{\"failurePercent\":60,\"latency\":[\"50ms\",\"2s\"],\"seed\":7},\"times\":400}";

        // when
        List<ScriptStep> first = draw(400, profile);
        List<ScriptStep> second = draw(400, profile);
        List<ScriptStep> otherSeed = draw(400, profile.replace("7", "8"));

        // then
        assertThat(second).isEqualTo(first).isNotEqualTo(otherSeed);
    }

    @Test
    void drawsEveryFaultWithConfiguredRateAndLatency() {
        // when
        List<ScriptStep> drawn =
                draw(2000, "{\"random\":{\"failurePercent\":60,\"latency\":[50,150],\"seed\":1},\"times\":-1}");

        // then
        List<String> failures = drawn.stream()
                .map(scriptedStep -> scriptedStep.fault().description())
                .filter(description -> !description.equals("image"))
                .toList();
        assertThat(failures).hasSizeBetween(1100, 1300);
        assertThat(failures)
                .contains("status 500", "status 503", "status 504", "drop", "truncated", "malformed body", "no images");
        assertThat(drawn)
                .extracting(scriptedStep -> scriptedStep.delay().toMillis())
                .allMatch(millis -> millis >= 50 && millis <= 150);
        assertThat(drawn)
                .extracting(scriptedStep -> scriptedStep.delay().toMillis() / 10)
                .contains(5L, 10L, 14L);
    }

    @Test
    void drawsNoDelayWithoutLatency() {
        assertThat(draw(3, "{\"random\":{\"failurePercent\":100},\"times\":-1}"))
                .allMatch(scriptedStep -> scriptedStep.delay() == null)
                .noneMatch(scriptedStep -> scriptedStep.fault() == ImageFault.NONE);
    }

    private static List<ScriptStep> draw(int count, String profile) {
        FaultScript faultScript = new FaultScript();
        faultScript.replace(List.of(parse(profile)));
        return Stream.generate(faultScript::nextStep).limit(count).toList();
    }

    private static String next(FaultScript faultScript) {
        return faultScript.nextStep().fault().description();
    }

    private static ScriptStep parse(String step) {
        return FaultScriptParser.parseScript(new JsonObject("{\"steps\":[" + step + "]}"))
                .get(0);
    }
}
