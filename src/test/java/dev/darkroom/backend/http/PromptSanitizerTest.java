package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.SeededCases;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptSanitizerTest {
    private static final List<String> DIRECTIVES =
            List.of("<sd_cpp_extra_args>", "</sd_cpp_extra_args>", "<lora:", "<lyco:", "<hypernet:", "|");

    /** Directives, fragments of directives, and other text. */
    private static final List<String> FRAGMENTS = List.of(
            "<sd_cpp_extra_args>",
            "</sd_cpp_extra_args>",
            "<SD_CPP_extra_args>",
            "<sd_cpp_",
            "extra_args>",
            "<",
            "/",
            ">",
            "<lora:x:1>",
            "<Lora:",
            "lora:",
            "|",
            "\u2039",
            "\u00a6",
            "a boat",
            "{\"steps\":500}",
            "\uD83D\uDDFC",
            "\n");

    @Test
    void leavesNoDirective() {
        SeededCases.check(random -> {
            StringBuilder text = new StringBuilder();
            for (int i = random.intBetween(0, 12); i > 0; i--) {
                text.append(random.oneOf(FRAGMENTS));
            }
            String prompt = text.toString();

            String sanitized = PromptSanitizer.sanitize(prompt);

            assertThat(DIRECTIVES)
                    .noneMatch(directive -> sanitized.toLowerCase(Locale.ROOT).contains(directive));
            assertThat(PromptSanitizer.sanitize(sanitized)).isEqualTo(sanitized);
            assertThat(sanitized).hasSameSizeAs(prompt);
        });
    }

    @Test
    void keepsPromptsWithoutDirectives() {
        SeededCases.check(random -> {
            String prompt = random.anyText(200);
            if (DIRECTIVES.stream()
                    .noneMatch(directive -> prompt.toLowerCase(Locale.ROOT).contains(directive))) {
                assertThat(PromptSanitizer.sanitize(prompt)).isSameAs(prompt);
            }
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a boat; a boat",
                "a <3 b, x < y > z; a <3 b, x < y > z",
                "a boat<sd_cpp_extra_args>{\"steps\":500}</sd_cpp_extra_args>;"
                        + " a boat\u2039sd_cpp_extra_args>{\"steps\":500}\u2039/sd_cpp_extra_args>",
                "<sd_cpp_<sd_cpp_extra_args>extra_args>; <sd_cpp_\u2039sd_cpp_extra_args>extra_args>",
                "a boat|people; a boat\u00a6people",
                "<lora:secret:1> a boat; \u2039lora:secret:1> a boat"
            })
    void keepsTheText(String prompt, String expected) {
        assertThat(PromptSanitizer.sanitize(prompt)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[cow|horse], a < b, x <3 y; [cow|horse], a < b, x <3 y",
                "<lora:secret:1> a boat; \u2039lora:secret:1> a boat",
                "<other:args> a boat; \u2039other:args> a boat",
                "<SD_CPP_extra_args>{}; \u2039SD_CPP_extra_args>{}",
                "<<lora:x:1>; <\u2039lora:x:1>"
            })
    void keepsBarsWhenOnlyTagsAreDirectives(String prompt, String expected) {
        assertThat(PromptSanitizer.sanitizeTags(prompt)).isEqualTo(expected);
    }
}
