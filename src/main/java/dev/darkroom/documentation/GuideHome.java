package dev.darkroom.documentation;

import dev.darkroom.documentation.GuideNavigation.Entry;
import dev.darkroom.documentation.GuideNavigation.Group;
import dev.darkroom.documentation.markdown.HtmlText;
import dev.darkroom.documentation.markdown.MarkdownPage;
import dev.darkroom.documentation.markdown.NodeText;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.util.Map;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;

/** Renders the first page of the guide: an introduction, and the pages by task. */
final class GuideHome {
    private static final Map<String, String> DOCUMENT_SUMMARIES = Map.of(
            SiteUrls.REFERENCE, "Every operation with its fields, to send from the browser.",
            SiteUrls.EVENTS, "Messages of event streams, the WebSocket, webhooks, the event bus and Kafka.");

    private final GuideNavigation navigation;
    private final MarkdownPage readme;

    GuideHome(GuideNavigation navigation, MarkdownPage readme) {
        this.navigation = navigation;
        this.readme = readme;
    }

    String render() {
        String root = SiteUrls.root(SiteUrls.GUIDE);
        StringBuilder tasks = new StringBuilder();
        for (Group group : navigation.groups()) {
            tasks.append("<section class=\"task\"><h2>")
                    .append(HtmlText.escape(group.title()))
                    .append("</h2><ul>");
            for (Entry entry : group.entries()) {
                tasks.append("<li><a href=\"")
                        .append(HtmlText.escape(root + entry.url()))
                        .append("\">")
                        .append(HtmlText.escape(entry.title()))
                        .append("</a>");
                tasks.append("<span>").append(HtmlText.escape(summary(entry))).append("</span></li>");
            }
            tasks.append("</ul></section>");
        }
        return PageTemplate.load("home.html")
                .fill(Map.of(
                        "root",
                        root,
                        "introduction",
                        HtmlText.escape(firstParagraph(readme)),
                        "tasks",
                        tasks.toString()));
    }

    /** Returns the first sentence of a page, empty when the page begins with something else. */
    private static String summary(Entry entry) {
        if (entry.page() == null) {
            return DOCUMENT_SUMMARIES.getOrDefault(entry.url(), "");
        }
        String text = firstParagraph(entry.page());
        int end = text.indexOf(". ");
        String sentence = end < 0 ? text : text.substring(0, end + 1);
        return sentence.indexOf(' ') > 0 && sentence.endsWith(".") && !sentence.startsWith("Status:") ? sentence : "";
    }

    private static String firstParagraph(MarkdownPage page) {
        for (Node node = page.document().getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Paragraph) {
                return NodeText.of(node);
            }
        }
        return "";
    }
}
