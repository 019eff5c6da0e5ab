package dev.darkroom.documentation.markdown;

import dev.darkroom.documentation.markdown.MarkdownPage.PageHeading;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.renderer.NodeRenderer;
import org.commonmark.renderer.html.HtmlNodeRendererContext;
import org.commonmark.renderer.html.HtmlRenderer;
import org.commonmark.renderer.html.HtmlWriter;

/** Renders the content of a page as HTML. Raw HTML of the Markdown is escaped, and URLs with script schemes are removed. Thread-safe. */
public final class MarkdownHtmlRenderer {
    private final LinkResolver links;

    public MarkdownHtmlRenderer(LinkResolver links) {
        this.links = links;
    }

    /** @param url path of the URL of the content, without the first slash */
    public String render(String url, MarkdownPage page) {
        return HtmlRenderer.builder()
                // Before the extensions, since the first renderer of a node type is used.
                .nodeRendererFactory(context -> new PageNodeRenderer(url, page, context))
                .extensions(MarkdownPageParser.EXTENSIONS)
                .escapeHtml(true)
                .sanitizeUrls(true)
                .build()
                .render(page.document());
    }

    private final class PageNodeRenderer implements NodeRenderer {
        private final MarkdownPage page;
        private final String root;
        private final Iterator<PageHeading> headings;
        private final HtmlNodeRendererContext context;
        private final HtmlWriter html;

        PageNodeRenderer(String url, MarkdownPage page, HtmlNodeRendererContext context) {
            this.page = page;
            this.context = context;
            root = SiteUrls.root(url);
            headings = page.headings().iterator();
            html = context.getWriter();
        }

        @Override
        public Set<Class<? extends Node>> getNodeTypes() {
            return Set.of(Heading.class, Link.class, Image.class, ThemedImage.class, ScrollBox.class);
        }

        @Override
        public void render(Node node) {
            if (node instanceof Heading heading) {
                renderHeading(heading);
            } else if (node instanceof Link link) {
                renderLink(link);
            } else if (node instanceof Image image) {
                renderImage(image.getDestination(), NodeText.of(image), "picture");
            } else if (node instanceof ThemedImage image) {
                renderImage(image.light(), image.alternative(), "picture light-only");
                renderImage(image.dark(), image.alternative(), "picture dark-only");
            } else {
                html.line();
                html.tag("div", Map.of("class", "table-box"));
                renderChildren(node);
                html.tag("/div");
                html.line();
            }
        }

        private void renderHeading(Heading node) {
            PageHeading heading = headings.next();
            String tag = "h" + node.getLevel();
            html.line();
            html.tag(tag, Map.of("id", heading.anchor()));
            renderChildren(node);
            if (node.getLevel() > 1) {
                html.tag(
                        "a",
                        attributes(
                                "class",
                                "anchor",
                                "href",
                                '#' + heading.anchor(),
                                "aria-hidden",
                                "true",
                                "tabindex",
                                "-1"));
                html.text("#");
                html.tag("/a");
            }
            html.tag('/' + tag);
            html.line();
        }

        private void renderLink(Link link) {
            LinkTarget target = links.resolve(page.file(), link.getDestination());
            if (target instanceof LinkTarget.SourceFile source) {
                html.tag("span", attributes("class", "source-file", "title", source.file() + " in the source code"));
                renderChildren(link);
                html.tag("/span");
                return;
            }
            String href = href(target);
            if (href.isEmpty()) {
                // The scheme of the URL is not allowed.
                renderChildren(link);
                return;
            }
            html.tag("a", Map.of("href", context.encodeUrl(href)));
            renderChildren(link);
            html.tag("/a");
        }

        private String href(LinkTarget target) {
            if (target instanceof LinkTarget.Page other) {
                String fragment = other.fragment() == null ? "" : '#' + other.fragment();
                boolean samePage = other.file().equals(page.file());
                return samePage && !fragment.isEmpty() ? fragment : root + SiteUrls.page(other.file()) + fragment;
            }
            if (target instanceof LinkTarget.Picture picture) {
                return root + SiteUrls.picture(picture.file());
            }
            if (target instanceof LinkTarget.Document document) {
                return root + document.path();
            }
            return context.urlSanitizer().sanitizeLinkUrl(((LinkTarget.External) target).url());
        }

        private void renderImage(String destination, String alternative, String cssClass) {
            LinkTarget target = links.resolve(page.file(), destination);
            if (target instanceof LinkTarget.Picture) {
                html.tag(
                        "img",
                        attributes(
                                "src",
                                context.encodeUrl(href(target)),
                                "alt",
                                alternative,
                                "class",
                                cssClass,
                                "loading",
                                "lazy"),
                        true);
            } else {
                // The policy of the page forbids images of other sites.
                html.text(alternative);
            }
        }

        private void renderChildren(Node parent) {
            for (Node child = parent.getFirstChild(); child != null; child = child.getNext()) {
                context.render(child);
            }
        }

        /** Attributes in the given order: name, value, name, value. */
        private static Map<String, String> attributes(String... namesAndValues) {
            Map<String, String> attributes = new LinkedHashMap<>();
            for (int i = 0; i < namesAndValues.length; i += 2) {
                attributes.put(namesAndValues[i], namesAndValues[i + 1]);
            }
            return attributes;
        }
    }
}
