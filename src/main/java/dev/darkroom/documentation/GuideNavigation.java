package dev.darkroom.documentation;

import dev.darkroom.documentation.markdown.LinkResolver;
import dev.darkroom.documentation.markdown.LinkTarget;
import dev.darkroom.documentation.markdown.MarkdownPage;
import dev.darkroom.documentation.markdown.NodeText;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.CustomBlock;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Link;
import org.commonmark.node.Node;

/**
 * Order and hierarchy of the pages: the groups are the rows of the documentation table of the README. A page that the table does not name is
 * a child of the named page of its folder, or of the page that first links to it.
 */
record GuideNavigation(List<Group> groups) {
    static final String README = "README.md";

    /** A row of the table. @param title task of the reader */
    record Group(String title, List<Entry> entries) {}

    /**
     * A link of the navigation.
     *
     * @param url path of the URL without the first slash, with the fragment
     * @param page null when the link leads to a part of a page, or to another document
     * @param children pages below this one
     */
    record Entry(String title, String url, MarkdownPage page, List<MarkdownPage> children) {
        boolean contains(MarkdownPage wanted) {
            return Objects.equals(page, wanted) || children.contains(wanted);
        }
    }

    /** Pages by their file, in the order of their discovery. @param parents file that first links to each file */
    record Pages(Map<String, MarkdownPage> byFile, Map<String, String> parents) {}

    /** @throws IllegalStateException when the README has no documentation table */
    static GuideNavigation create(Pages pages, LinkResolver links) {
        List<Group> rows = new ArrayList<>();
        pages.byFile().get(README).document().accept(new AbstractVisitor() {
            @Override
            public void visit(CustomBlock block) {
                if (block instanceof TableBlock table && isDocumentationTable(table)) {
                    rowsOf(table).skip(1).map(row -> group(row, pages, links)).forEach(rows::add);
                }
                visitChildren(block);
            }
        });
        if (rows.isEmpty()) {
            throw new IllegalStateException("README.md has no table with the columns to and read");
        }
        MarkdownPage readme = pages.byFile().get(README);
        Group first = rows.get(0);
        List<Entry> withOverview = new ArrayList<>(first.entries());
        withOverview.add(0, new Entry("Overview", readme.url(), readme, List.of()));
        rows.set(0, new Group(first.title(), withOverview));
        return withChildren(rows, pages);
    }

    private static boolean isDocumentationTable(TableBlock table) {
        return NodeText.of(rowsOf(table).findFirst().orElseThrow()).equals("to read");
    }

    private static Stream<TableRow> rowsOf(Node table) {
        List<TableRow> rows = new ArrayList<>();
        table.accept(new AbstractVisitor() {
            @Override
            public void visit(CustomNode node) {
                if (node instanceof TableRow row) {
                    rows.add(row);
                } else {
                    visitChildren(node);
                }
            }
        });
        return rows.stream();
    }

    private static Group group(TableRow row, Pages pages, LinkResolver links) {
        TableCell task = (TableCell) row.getFirstChild();
        List<Entry> entries = new ArrayList<>();
        row.getLastChild().accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                entries.add(entry(capitalized(NodeText.of(link)), links.resolve(README, link.getDestination()), pages));
            }
        });
        return new Group(capitalized(NodeText.of(task)), entries);
    }

    private static Entry entry(String title, LinkTarget target, Pages pages) {
        if (target instanceof LinkTarget.Page link) {
            MarkdownPage page = pages.byFile().get(link.file());
            return link.fragment() == null
                    ? new Entry(title, page.url(), page, List.of())
                    : new Entry(title, page.url() + '#' + link.fragment(), null, List.of());
        }
        if (target instanceof LinkTarget.Document document) {
            return document.path().equals(SiteUrls.ASYNCAPI_DOCUMENT)
                    ? new Entry("Events", SiteUrls.EVENTS, null, List.of())
                    : new Entry("API reference", SiteUrls.REFERENCE, null, List.of());
        }
        throw new IllegalStateException("the documentation table of README.md links to " + target);
    }

    private static String capitalized(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    private static GuideNavigation withChildren(List<Group> rows, Pages pages) {
        List<MarkdownPage> unnamed = pages.byFile().values().stream()
                .filter(page -> rows.stream()
                        .flatMap(group -> group.entries().stream())
                        .noneMatch(entry -> page.equals(entry.page())))
                .sorted(Comparator.comparing(MarkdownPage::file))
                .toList();
        List<MarkdownPage> named = rows.stream()
                .flatMap(group -> group.entries().stream())
                .map(Entry::page)
                .filter(Objects::nonNull)
                .toList();
        return new GuideNavigation(rows.stream()
                .map(group -> new Group(
                        group.title(),
                        group.entries().stream()
                                .map(entry -> new Entry(
                                        entry.title(),
                                        entry.url(),
                                        entry.page(),
                                        unnamed.stream()
                                                .filter(page -> entry.page() != null
                                                        && parentOf(page, named, pages)
                                                                .equals(entry.page()))
                                                .toList()))
                                .toList()))
                .toList());
    }

    private static MarkdownPage parentOf(MarkdownPage page, List<MarkdownPage> named, Pages pages) {
        String folder = folder(page.file());
        Predicate<MarkdownPage> isFolderPage = candidate -> !folder.isEmpty()
                && !folder.equals("docs")
                && folder(candidate.file()).equals(folder);
        return named.stream().filter(isFolderPage).findFirst().orElseGet(() -> {
            String file = page.file();
            do {
                file = pages.parents().get(file);
            } while (!named.contains(pages.byFile().get(file)));
            return pages.byFile().get(file);
        });
    }

    private static String folder(String file) {
        int end = file.lastIndexOf('/');
        return end < 0 ? "" : file.substring(0, end);
    }

    /** Returns all pages in reading order. */
    List<MarkdownPage> order() {
        return groups.stream()
                .flatMap(group -> group.entries().stream())
                .filter(entry -> entry.page() != null)
                .flatMap(entry -> Stream.concat(Stream.of(entry.page()), entry.children().stream()))
                .distinct()
                .toList();
    }
}
