package dev.darkroom.backend.http;

import java.util.regex.Pattern;

/**
 * Neutralizes directives in prompts that some AI servers execute, since clients may choose the text but not the server's
 * parameters. Replaces single characters and deletes none, so that the rest cannot form a new directive.
 *
 * <ul>
 *   <li>sd-server (stable-diffusion.cpp) uses the JSON between {@code <sd_cpp_extra_args>} and its end tag as parameters,
 *       file paths included, and loads the weights named by {@code <lora:…>};
 *   <li>LocalAI uses the text after {@code |} as the negative prompt;
 *   <li>AUTOMATIC1111 loads the files named by {@code <lora:…>} and {@code <hypernet:…>}. Extensions add tags of this form.
 * </ul>
 */
public final class PromptSanitizer {
    private static final Pattern DIRECTIVE =
            Pattern.compile("<(?=/?sd_cpp_extra_args|(?:lora|lyco|hypernet):)", Pattern.CASE_INSENSITIVE);

    /** Every tag of AUTOMATIC1111. Its extensions may add tags. */
    private static final Pattern TAG = Pattern.compile("<(?=/?sd_cpp_extra_args|\\w+:)", Pattern.CASE_INSENSITIVE);

    private static final char BAR = '|';

    /** Looks like an angle bracket without its meaning; {@link #BAR_REPLACEMENT} likewise like a bar. */
    private static final String BRACKET_REPLACEMENT = "\u2039";

    private static final char BAR_REPLACEMENT = '\u00a6';

    private PromptSanitizer() {}

    /** Returns the same text when it contains no directive; null for null. */
    public static String sanitize(String prompt) {
        return prompt == null
                ? null
                : DIRECTIVE.matcher(prompt).replaceAll(BRACKET_REPLACEMENT).replace(BAR, BAR_REPLACEMENT);
    }

    /**
     * Neutralizes tags only, for servers on which {@code |} is harmless. Returns the same text when it contains no tag; null
     * for null.
     */
    public static String sanitizeTags(String prompt) {
        return prompt == null ? null : TAG.matcher(prompt).replaceAll(BRACKET_REPLACEMENT);
    }
}
