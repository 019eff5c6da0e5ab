package dev.darkroom.documentation.markdown;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.CustomBlock;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.HtmlInline;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;

/**
 * Replaces markup that only GitHub understands: pictures in HTML become {@link ThemedImage}s, and Mermaid source becomes its drawn diagram.
 * Removes comments, and puts tables into {@link ScrollBox}es. Other HTML stays and is rendered as text.
 */
final class MarkupReplacer extends AbstractVisitor {
    private static final Pattern DIAGRAM_COMMENT = Pattern.compile("<!-- diagram: ([a-z-]+) -->");
    private static final Pattern ATTRIBUTE = Pattern.compile("([a-z]+)=\"([^\"]*)\"");

    private final List<Runnable> changes = new ArrayList<>();

    private MarkupReplacer() {}

    static void replaceIn(Node document) {
        MarkupReplacer replacer = new MarkupReplacer();
        document.accept(replacer);
        // After the visit, which must not see changed nodes.
        replacer.changes.forEach(Runnable::run);
    }

    @Override
    public void visit(HtmlBlock block) {
        String html = block.getLiteral().strip();
        Matcher diagram = DIAGRAM_COMMENT.matcher(html);
        if (diagram.matches()
                && block.getNext() instanceof FencedCodeBlock source
                && source.getInfo().equals("mermaid")) {
            String name = diagram.group(1);
            Paragraph paragraph = new Paragraph();
            paragraph.appendChild(new ThemedImage(
                    "diagrams/" + name + ".svg",
                    "diagrams/" + name + "-dark.svg",
                    "Diagram: " + name.replace('-', ' ')));
            changes.add(() -> {
                source.insertBefore(paragraph);
                source.unlink();
            });
        }
        if (html.startsWith("<!--")) {
            changes.add(block::unlink);
        }
    }

    @Override
    public void visit(HtmlInline inline) {
        String html = inline.getLiteral();
        if (html.startsWith("<img ")) {
            boolean themed = inline.getPrevious() instanceof HtmlInline previous
                    && previous.getLiteral().startsWith("<source ");
            String dark = themed ? attribute(((HtmlInline) inline.getPrevious()).getLiteral(), "srcset") : null;
            changes.add(
                    () -> inline.insertBefore(new ThemedImage(attribute(html, "src"), dark, attribute(html, "alt"))));
            changes.add(inline::unlink);
        } else if (html.startsWith("<!--")
                || html.startsWith("<source ")
                || html.equals("<picture>")
                || html.equals("</picture>")) {
            changes.add(inline::unlink);
        }
    }

    @Override
    public void visit(CustomBlock block) {
        if (block instanceof TableBlock table) {
            changes.add(() -> {
                ScrollBox box = new ScrollBox();
                table.insertBefore(box);
                box.appendChild(table);
            });
        }
        visitChildren(block);
    }

    /** Returns the value of an attribute, empty when it is absent. */
    private static String attribute(String tag, String name) {
        return ATTRIBUTE
                .matcher(tag)
                .results()
                .filter(found -> found.group(1).equals(name))
                .map(found -> found.group(2))
                .findFirst()
                .orElse("");
    }
}
