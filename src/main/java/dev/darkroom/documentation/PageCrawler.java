package dev.darkroom.documentation;

import dev.darkroom.documentation.GuideNavigation.Pages;
import dev.darkroom.documentation.markdown.LinkResolver;
import dev.darkroom.documentation.markdown.LinkTarget;
import dev.darkroom.documentation.markdown.MarkdownPage;
import dev.darkroom.documentation.markdown.MarkdownPageParser;
import dev.darkroom.documentation.markdown.PackagedFiles;
import dev.darkroom.documentation.markdown.ThemedImage;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Image;
import org.commonmark.node.Link;

/** Finds the files of the site by following links from the README, directly or over other pages. Not thread-safe. */
final class PageCrawler {
    private final PackagedFiles files;
    private final LinkResolver links;
    private final MarkdownPageParser parser;
    private final Map<String, MarkdownPage> pages = new LinkedHashMap<>();
    private final Map<String, String> parents = new HashMap<>();
    private final Set<String> pictures = new LinkedHashSet<>();

    PageCrawler(PackagedFiles files, LinkResolver links, MarkdownPageParser parser) {
        this.files = files;
        this.links = links;
        this.parser = parser;
    }

    Pages findPages() {
        Queue<String> waiting = new ArrayDeque<>();
        waiting.add(GuideNavigation.README);
        for (String file = waiting.poll(); file != null; file = waiting.poll()) {
            if (!pages.containsKey(file)) {
                MarkdownPage page = parser.parse(file, files.readText(file));
                pages.put(file, page);
                waiting.addAll(linkedPages(page));
            }
        }
        return new Pages(pages, parents);
    }

    /** Returns the images of all pages. Callable after {@link #findPages()}. */
    Set<String> pictures() {
        return pictures;
    }

    private Set<String> linkedPages(MarkdownPage page) {
        Set<String> linked = new LinkedHashSet<>();
        page.document().accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                add(link.getDestination());
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                add(image.getDestination());
            }

            @Override
            public void visit(CustomNode node) {
                if (node instanceof ThemedImage image) {
                    add(image.light());
                    add(image.dark());
                }
                visitChildren(node);
            }

            private void add(String destination) {
                LinkTarget target = links.resolve(page.file(), destination);
                if (target instanceof LinkTarget.Page other) {
                    linked.add(other.file());
                    parents.putIfAbsent(other.file(), page.file());
                } else if (target instanceof LinkTarget.Picture picture) {
                    pictures.add(picture.file());
                }
            }
        });
        return linked;
    }
}
