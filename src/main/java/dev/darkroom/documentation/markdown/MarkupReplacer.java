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
import org.commonmark.node.Image;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.Text;

/**
 * Replaces markup that only GitHub understands: pictures in HTML become {@link Image}s or {@link ThemedImage}s, and Mermaid source
 * becomes its drawn diagram.
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
            Node image = image(html, inline.getPrevious());
            changes.add(() -> {
                inline.insertBefore(image);
                inline.unlink();
            });
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

    /** @param previous node before the tag, null when the tag is the first */
    private static Node image(String tag, Node previous) {
        String destination = attribute(tag, "src");
        String alternative = attribute(tag, "alt");
        if (previous instanceof HtmlInline source && source.getLiteral().startsWith("<source ")) {
            return new ThemedImage(destination, attribute(source.getLiteral(), "srcset"), alternative);
        }
        Image image = new Image(destination, null);
        image.appendChild(new Text(alternative));
        return image;
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
