package dev.darkroom.documentation.markdown;

import dev.darkroom.documentation.markdown.MarkdownPage.PageHeading;
import java.util.ArrayList;
import java.util.List;
import org.commonmark.Extension;
import org.commonmark.ext.autolink.AutolinkExtension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.IdGenerator;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;
import org.commonmark.parser.Parser;

/** Parses Markdown files with the tables and links of GitHub. Thread-safe. */
public final class MarkdownPageParser {
    static final List<Extension> EXTENSIONS = List.of(TablesExtension.create(), AutolinkExtension.create());

    private final Parser parser = Parser.builder().extensions(EXTENSIONS).build();

    /** @param file path in the repository, which is the title of a page without heading */
    public MarkdownPage parse(String file, String markdown) {
        Node document = parser.parse(markdown);
        MarkupReplacer.replaceIn(document);
        List<PageHeading> headings = headings(document);
        String title = headings.isEmpty() ? file : headings.get(0).text();
        return new MarkdownPage(file, title, document, headings);
    }

    private static List<PageHeading> headings(Node document) {
        IdGenerator anchors = IdGenerator.builder().build();
        List<PageHeading> headings = new ArrayList<>();
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Heading heading) {
                String text = NodeText.of(heading);
                headings.add(new PageHeading(heading.getLevel(), anchors.generateId(text), text));
            }
        });
        return headings;
    }
}
