package dev.darkroom.documentation;

import dev.darkroom.documentation.GuideNavigation.Entry;
import dev.darkroom.documentation.GuideNavigation.Group;
import dev.darkroom.documentation.markdown.HtmlText;
import dev.darkroom.documentation.markdown.MarkdownPage;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.util.List;

/** Renders the links between the pages of the guide. Thread-safe. */
final class NavigationHtml {
    private final GuideNavigation navigation;
    private final List<MarkdownPage> order;

    NavigationHtml(GuideNavigation navigation) {
        this.navigation = navigation;
        order = navigation.order();
    }

    /**
     * Returns the navigation beside a page. The children of an entry are listed while one of them, or the entry, is open.
     *
     * @param url of the page with the links
     * @param current null when the page is none of the guide
     */
    String sidebar(String url, MarkdownPage current) {
        String root = SiteUrls.root(url);
        StringBuilder html = new StringBuilder(
                        "<button type=\"button\" class=\"button pages-button\" popovertarget=\"site-pages\">")
                .append("Pages</button><nav id=\"site-pages\" class=\"page-navigation\" popover aria-label=\"Pages\">")
                .append("<ul class=\"page-groups\">");
        for (Group group : navigation.groups()) {
            html.append("<li><p>").append(HtmlText.escape(group.title())).append("</p><ul>");
            for (Entry entry : group.entries()) {
                html.append("<li>");
                appendLink(html, root + entry.url(), entry.title(), current != null && current.equals(entry.page()));
                if (current != null
                        && entry.page() != null
                        && entry.contains(current)
                        && !entry.children().isEmpty()) {
                    html.append("<ul>");
                    for (MarkdownPage child : entry.children()) {
                        html.append("<li>");
                        appendLink(html, root + child.url(), child.title(), child.equals(current));
                        html.append("</li>");
                    }
                    html.append("</ul>");
                }
                html.append("</li>");
            }
            html.append("</ul></li>");
        }
        return html.append("</ul></nav>").toString();
    }

    /** Returns links to the previous and the next page. */
    String neighbours(MarkdownPage page) {
        int index = order.indexOf(page);
        String root = SiteUrls.root(page.url());
        StringBuilder html = new StringBuilder("<nav class=\"neighbours\" aria-label=\"Neighbouring pages\">");
        if (index > 0) {
            appendNeighbour(html, root, order.get(index - 1), "Previous", "prev");
        }
        if (index < order.size() - 1) {
            appendNeighbour(html, root, order.get(index + 1), "Next", "next");
        }
        return html.append("</nav>").toString();
    }

    private static void appendNeighbour(
            StringBuilder html, String root, MarkdownPage page, String direction, String relation) {
        html.append("<a class=\"card ")
                .append(relation)
                .append("\" rel=\"")
                .append(relation)
                .append("\" href=\"")
                .append(HtmlText.escape(root + page.url()))
                .append("\"><span>")
                .append(direction)
                .append("</span>")
                .append(HtmlText.escape(page.title()))
                .append("</a>");
    }

    private static void appendLink(StringBuilder html, String href, String text, boolean current) {
        html.append("<a href=\"")
                .append(HtmlText.escape(href))
                .append(current ? "\" aria-current=\"page\">" : "\">")
                .append(HtmlText.escape(text))
                .append("</a>");
    }
}
