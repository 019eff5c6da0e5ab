package dev.darkroom.documentation;

/** Escapes text for HTML. */
final class HtmlText {
    private HtmlText() {}

    /** Returns a text for the content of an element or of an attribute in double quotes. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
