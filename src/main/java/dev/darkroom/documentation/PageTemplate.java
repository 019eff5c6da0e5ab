package dev.darkroom.documentation;

import dev.darkroom.documentation.markdown.PackagedFiles;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An HTML file with placeholders such as <code>{{title}}</code>. Immutable. */
final class PageTemplate {
    /** Folder of the templates, scripts and style sheets. */
    static final String FOLDER = "/web/docs/";

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([a-z]+)}}");

    private final String html;

    private PageTemplate(String html) {
        this.html = html;
    }

    /** Reads a template of {@link #FOLDER}. Blocks. */
    static PageTemplate load(String name) {
        return new PageTemplate(new String(PackagedFiles.readResource(FOLDER + name), StandardCharsets.UTF_8));
    }

    /**
     * Replaces the placeholders.
     *
     * @param values HTML by the name of its placeholder
     * @throws IllegalArgumentException when a placeholder has no value
     */
    String fill(Map<String, String> values) {
        return PLACEHOLDER.matcher(html).replaceAll(placeholder -> {
            String value = values.get(placeholder.group(1));
            if (value == null) {
                throw new IllegalArgumentException("no value of the placeholder " + placeholder.group(1));
            }
            return Matcher.quoteReplacement(value);
        });
    }
}
