package dev.darkroom.backend.openai;

import java.util.regex.Pattern;

/**
 * Takes the power from what some AI servers that speak this protocol read in a prompt as orders, and leaves the words: callers
 * ask for pictures, and how they are made is the operator's business. Character for character, so that nothing that is taken
 * away can make an order of what is left.
 *
 * <ul>
 *   <li>sd-server (stable-diffusion.cpp) runs the JSON between {@code <sd_cpp_extra_args>} and its end tag as its parameters, files and
 *       all, and loads the weights that {@code <lora:…>} names;
 *   <li>LocalAI takes what follows {@code |} for the negative prompt.
 * </ul>
 */
final class PromptSanitizer {
    private static final Pattern DIRECTIVE =
            Pattern.compile("<(?=/?sd_cpp_extra_args|(?:lora|lyco|hypernet):)", Pattern.CASE_INSENSITIVE);

    private static final char BAR = '|';

    /** They look like those, and mean nothing. */
    private static final String BRACKET_REPLACEMENT = "\u2039";

    private static final char BAR_REPLACEMENT = '\u00a6';

    private PromptSanitizer() {}

    /** The same text if there are no orders in it; null for null. */
    static String sanitize(String prompt) {
        return prompt == null
                ? null
                : DIRECTIVE.matcher(prompt).replaceAll(BRACKET_REPLACEMENT).replace(BAR, BAR_REPLACEMENT);
    }
}
