package dev.darkroom.documentation.markdown;

/** Writes text as HTML. */
public final class HtmlText {
    private HtmlText() {}

    /** Returns a text for the content of an element or of an attribute in double quotes. */
    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** Returns a text as an element {@code code}. */
    public static String code(String text) {
        return "<code>" + escape(text) + "</code>";
    }
}
