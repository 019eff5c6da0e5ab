package dev.darkroom.documentation;

import dev.darkroom.documentation.markdown.MarkdownPage;
import dev.darkroom.documentation.markdown.MarkdownPage.PageHeading;
import dev.darkroom.documentation.markdown.NodeText;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;

/**
 * The search index of the guide, read by {@code web/docs/assets/search.js}: {@code pages} with URL and title; {@code sections} with the number of
 * their page, anchor, heading and text.
 */
final class SearchIndex {
    private SearchIndex() {}

    static JsonObject create(Collection<MarkdownPage> pages) {
        JsonArray titles = new JsonArray();
        JsonArray sections = new JsonArray();
        for (MarkdownPage page : pages) {
            for (Section section : sections(page)) {
                sections.add(new JsonArray(
                        List.of(titles.size(), section.anchor, section.heading, section.text.toString())));
            }
            titles.add(new JsonArray(List.of(page.url(), page.title())));
        }
        return new JsonObject().put("pages", titles).put("sections", sections);
    }

    /** A heading with the text below it. */
    private static final class Section {
        private final String anchor;
        private final String heading;
        private final StringBuilder text = new StringBuilder();

        Section(String anchor, String heading) {
            this.anchor = anchor;
            this.heading = heading;
        }
    }

    private static List<Section> sections(MarkdownPage page) {
        List<Section> sections = new ArrayList<>();
        Iterator<PageHeading> headings = page.headings().iterator();
        for (Node node = page.document().getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Heading) {
                PageHeading heading = headings.next();
                // The anchor of the title is the page itself.
                sections.add(new Section(sections.isEmpty() ? "" : heading.anchor(), heading.text()));
            } else {
                if (sections.isEmpty()) {
                    sections.add(new Section("", page.title()));
                }
                sections.get(sections.size() - 1).text.append(NodeText.of(node)).append(' ');
            }
        }
        return sections;
    }
}
