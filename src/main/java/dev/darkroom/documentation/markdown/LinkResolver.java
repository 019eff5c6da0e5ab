package dev.darkroom.documentation.markdown;

import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/** Resolves links as they stand in a Markdown file. Thread-safe. */
public final class LinkResolver {
    private static final Pattern ABSOLUTE = Pattern.compile("[a-z][a-z0-9+.-]*:.*|//.*", Pattern.CASE_INSENSITIVE);
    private static final Pattern PICTURE = Pattern.compile(".*\\.(png|svg)");

    /** Files that the service serves as documents, and their URLs. */
    private static final Map<String, String> DOCUMENTS = Map.of(
            "openapi.yaml", "openapi.yaml",
            "docs/asyncapi.yaml", SiteUrls.ASYNCAPI_DOCUMENT,
            "docs/schemas/notifications.schema.json", SiteUrls.EVENT_SCHEMAS);

    private final PackagedFiles files;

    public LinkResolver(PackagedFiles files) {
        this.files = files;
    }

    /**
     * @param file path of the Markdown file in the repository
     * @param destination of the link in the file, not resolved
     */
    public LinkTarget resolve(String file, String destination) {
        if (ABSOLUTE.matcher(destination).matches()) {
            return new LinkTarget.External(destination);
        }
        int hash = destination.indexOf('#');
        String relativePath = hash < 0 ? destination : destination.substring(0, hash);
        String fragment = hash < 0 ? null : destination.substring(hash + 1);
        String target = relativePath.isEmpty()
                ? file
                : Path.of(file).resolveSibling(relativePath).normalize().toString();
        if (DOCUMENTS.containsKey(target)) {
            return new LinkTarget.Document(DOCUMENTS.get(target));
        }
        if (target.endsWith(".md") && files.contains(target)) {
            return new LinkTarget.Page(target, fragment);
        }
        if (PICTURE.matcher(target).matches() && files.contains(target)) {
            return new LinkTarget.Picture(target);
        }
        return new LinkTarget.SourceFile(target);
    }
}
