package dev.darkroom.api.openai.error;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.problem.ErrorRenderer.ErrorResponse;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.testing.GeneratedDocumentSection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors of the OpenAI API, and their tables in {@code docs/openai.md}. */
class OpenAiErrorsTest {
    private static final String PAGE = "docs/openai.md";
    private static final String COMMAND = "./mvnw test -Dtest=OpenAiErrorsTest";

    private static final List<Problem> PROBLEMS = List.of(
            Problem.invalid("#/width", "must be at least 64"),
            Problem.unauthorized(true, "x"),
            Problem.originNotAllowed(),
            Problem.unknownPath(),
            Problem.methodNotAllowed("GET", "POST"),
            Problem.requestTimeout(),
            Problem.conflict("x"),
            Problem.tooLarge(413, "x"),
            Problem.unsupportedMediaType(),
            Problem.misdirectedRequest(),
            Problem.idempotencyKeyReused(),
            Problem.tooManyRequests("x", 1),
            Problem.quotaExceeded("x", 1),
            Problem.budgetExceeded("x", 1),
            Problem.internalError(),
            Problem.unavailable(),
            Problem.overloaded("x", 1));

    private static String row(String cause, OpenAiError error, String code) {
        return "| " + cause + " | " + error.status() + " | `" + error.type() + "` | " + code + " | "
                + (error.retryable() ? "yes" : "no") + " |";
    }

    @Test
    void pageListsTheErrorsOfRequests() {
        // when
        String rows = PROBLEMS.stream()
                .map(problem -> {
                    OpenAiError error = OpenAiErrors.of(problem);
                    String type = problem.toJson("/", "id").getString("type");
                    return row("`" + type.substring(type.lastIndexOf(':') + 1) + "`", error, "`" + error.code() + "`");
                })
                .collect(Collectors.joining(
                        "\n",
                        "| problem of the native API | status | type | code | retry |\n|---|---|---|---|---|\n",
                        "\n"));

        // then
        new GeneratedDocumentSection(PAGE, "errors of requests", "the code", COMMAND).assertContent(rows);
    }

    @Test
    void pageListsTheErrorsOfFailedGenerations() {
        // when
        Stream<String> classes = Stream.of(FailureClass.values()).map(failureClass -> {
            OpenAiError error = OpenAiErrors.of(new GenerationError("X", failureClass, "x", true));
            String code = error.code().equals("x") ? "code of the generation, in lower case" : "`" + error.code() + "`";
            return row("`" + failureClass + "`", error, code);
        });
        Stream<String> codes = Stream.of("CANCELLED", "BUDGET_EXCEEDED").map(code -> {
            OpenAiError error = OpenAiErrors.of(new GenerationError(code, FailureClass.NOT_SENT, "x", true));
            return row("any, with the code `" + code + "`", error, "`" + error.code() + "`");
        });
        String rows = Stream.concat(codes, classes)
                .collect(Collectors.joining(
                        "\n", "| failure class | status | type | code | retry |\n|---|---|---|---|---|\n", "\n"));

        // then
        new GeneratedDocumentSection(PAGE, "errors of failed generations", "the code", COMMAND).assertContent(rows);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "#/width | must be at least 64 | size | Invalid value for 'size': width must be at least 64.",
                "#/count | must be at most 4 | n | Invalid value for 'n': must be at most 4.",
                "#/n | must be at most 10 | n | Invalid value for 'n': must be at most 10.",
                "#/negativePrompt | must not be blank | negative_prompt | Invalid value for 'negative_prompt': must not be blank.",
                "#/metadata | must have keys | user | Invalid value for 'user': must have keys.",
                "#/parameters/quality | must be low | quality | Invalid value for 'quality': must be low.",
                "#/prompt | is required | prompt | Missing required parameter: 'prompt'.",
                "Idempotency-Key | must be short | Idempotency-Key | Invalid value for 'Idempotency-Key': must be short."
            })
    void namesTheParameterOfOpenAi(String pointer, String detail, String param, String message) {
        // when
        OpenAiError error = OpenAiErrors.of(Problem.invalid(pointer, detail));

        // then
        assertThat(error.param()).isEqualTo(param);
        assertThat(error.message()).isEqualTo(message);
    }

    @Test
    void onlyRetryableErrorsHaveADelay() {
        // given
        OpenAiErrorRenderer renderer = new OpenAiErrorRenderer();

        // when
        ErrorResponse budget = renderer.render(Problem.budgetExceeded("x", 3_600), "id");
        ErrorResponse overload = renderer.render(Problem.overloaded("x", 7), "id");

        // then
        assertThat(budget.headers()).containsEntry("X-Should-Retry", "false").doesNotContainKey("Retry-After");
        assertThat(overload.headers()).containsEntry("Retry-After", "7").doesNotContainKey("X-Should-Retry");
    }

    @Test
    void appliesToItsPathsOnly() {
        // given
        OpenAiErrorRenderer renderer = new OpenAiErrorRenderer();

        // then
        assertThat(renderer.appliesTo("/v1/models")).isTrue();
        assertThat(renderer.appliesTo("/v10/models")).isFalse();
        assertThat(renderer.appliesTo("/api/models")).isFalse();
    }
}
