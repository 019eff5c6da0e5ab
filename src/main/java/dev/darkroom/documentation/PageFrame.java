package dev.darkroom.documentation;

import dev.darkroom.documentation.markdown.HtmlText;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts the content of a page into the frame that all documentation pages share: header, navigation, table of contents. Thread-safe. */
final class PageFrame {
    private final PageTemplate template = PageTemplate.load("page.html");
    private final String version;

    /** @param version of the service, shown at the end of each page */
    PageFrame(String version) {
        this.version = version;
    }

    /**
     * The parts of a page.
     *
     * @param url path of the URL without the first slash
     * @param title plain text
     * @param navigation HTML of the links to other pages
     * @param content HTML, with the element {@code #site-content}
     * @param contents links to the sections of the page; no list is shown for fewer than two
     * @param assets names of further style sheets and modules of the folder of assets
     */
    record Page(
            String url,
            String title,
            String navigation,
            String content,
            List<ContentsEntry> contents,
            List<String> assets) {}

    /** A link of the table of contents. @param level 2 for a section, 3 for a part of one */
    record ContentsEntry(int level, String anchor, String title) {}

    String render(Page page) {
        String root = SiteUrls.root(page.url());
        Map<String, String> values = new HashMap<>();
        values.put("root", root);
        values.put("title", HtmlText.escape(page.title()));
        values.put("version", HtmlText.escape(version));
        values.put("navigation", page.navigation());
        values.put("content", page.content());
        values.put("contents", contents(page.contents()));
        values.put("guidecurrent", current(page.url().startsWith(SiteUrls.GUIDE)));
        values.put("eventscurrent", current(page.url().equals(SiteUrls.EVENTS)));
        values.put("referencecurrent", current(page.url().equals(SiteUrls.REFERENCE)));
        values.put("assets", assets(root + SiteUrls.ASSETS, page.assets()));
        return template.fill(values);
    }

    /** Returns the main element of a page of text. */
    static String main(String content) {
        return "<main id=\"site-content\" class=\"page\" tabindex=\"-1\">" + content + "</main>";
    }

    private static String assets(String folder, List<String> names) {
        StringBuilder html = new StringBuilder();
        for (String name : names) {
            html.append(name.endsWith(".css") ? "<link rel=\"stylesheet\" href=\"" : "<script type=\"module\" src=\"")
                    .append(folder)
                    .append(name)
                    .append(name.endsWith(".css") ? "\" />" : "\"></script>");
        }
        return html.toString();
    }

    private static String current(boolean isCurrent) {
        return isCurrent ? " aria-current=\"true\"" : "";
    }

    private static String contents(List<ContentsEntry> entries) {
        if (entries.size() < 2) {
            return "";
        }
        StringBuilder html = new StringBuilder("<nav class=\"page-contents\" aria-labelledby=\"site-contents-title\">")
                .append("<p id=\"site-contents-title\">On this page</p><ul>");
        for (ContentsEntry entry : entries) {
            html.append("<li class=\"level-")
                    .append(entry.level())
                    .append("\"><a href=\"#")
                    .append(HtmlText.escape(entry.anchor()))
                    .append("\">")
                    .append(HtmlText.escape(entry.title()))
                    .append("</a></li>");
        }
        return html.append("</ul></nav>").toString();
    }
}
