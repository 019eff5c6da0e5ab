package dev.darkroom.documentation.markdown;

/** Where a link of a page leads. */
public sealed interface LinkTarget {

    /** A URL of another site. */
    record External(String url) implements LinkTarget {}

    /**
     * A Markdown file of the site.
     *
     * @param file path in the repository
     * @param fragment anchor in the page, null when absent
     */
    record Page(String file, String fragment) implements LinkTarget {}

    /** An image of the site. @param file path in the repository */
    record Picture(String file) implements LinkTarget {}

    /** A document that the service serves elsewhere. @param path of its URL, without the first slash */
    record Document(String path) implements LinkTarget {}

    /** A file or folder of the repository that the site does not contain. @param file path in the repository */
    record SourceFile(String file) implements LinkTarget {}
}
