package dev.darkroom.documentation.markdown;

import java.util.List;
import org.commonmark.node.Node;

/**
 * A parsed Markdown file.
 *
 * @param file path in the repository
 * @param title text of the first heading
 * @param document nodes; not changed after parsing
 * @param headings below the title, in order
 */
public record MarkdownPage(String file, String title, Node document, List<PageHeading> headings) {
    /**
     * A heading.
     *
     * @param level 2 for a section of the page, at most 6
     * @param anchor fragment of its URL, as on GitHub
     */
    public record PageHeading(int level, String anchor, String text) {}

    public MarkdownPage {
        headings = List.copyOf(headings);
    }

    public String url() {
        return SiteUrls.page(file);
    }
}
