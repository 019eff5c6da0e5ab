package dev.darkroom.documentation.markdown;

import java.util.Locale;

/** URLs of the documentation. All are paths without the first slash: pages link relatively, so that a proxy may serve them below a prefix. */
public final class SiteUrls {
    /** The API reference. */
    public static final String REFERENCE = "docs";

    /** The page of the AsyncAPI document. */
    public static final String EVENTS = "docs/events";

    public static final String ASYNCAPI_DOCUMENT = "docs/asyncapi.yaml";

    /** The schemas to which the AsyncAPI document refers. */
    public static final String EVENT_SCHEMAS = "docs/schemas/notifications.schema.json";

    /** The first page of the guide. */
    public static final String GUIDE = "docs/guide";

    /** Folder of scripts and style sheets of all documentation pages. */
    public static final String ASSETS = "docs/assets/";

    public static final String SEARCH_INDEX = ASSETS + "search-index.json";

    private static final String README = "README.md";

    private SiteUrls() {}

    /** Returns the URL of the page of a Markdown file: one or two segments below {@link #GUIDE}. */
    public static String page(String file) {
        return GUIDE + '/' + pageName(file);
    }

    /** Returns the URL of an image: its path below the folder docs, in the guide. */
    public static String picture(String file) {
        return GUIDE + '/' + withoutPrefix(file, "docs/");
    }

    private static String pageName(String file) {
        switch (file) {
            case README:
                return "about";
            case "SECURITY.md":
                // docs/security.md has the plain name.
                return "security-policy";
            default:
                String name = withoutPrefix(withoutPrefix(file, "docs/"), "src/");
                if (name.endsWith('/' + README)) {
                    name = name.substring(0, name.length() - README.length() - 1);
                } else {
                    name = name.substring(0, name.length() - ".md".length()).toLowerCase(Locale.ROOT);
                }
                int folderEnd = name.indexOf('/') + 1;
                return name.substring(0, folderEnd) + name.substring(folderEnd).replace('/', '-');
        }
    }

    private static String withoutPrefix(String text, String prefix) {
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    /** Returns the relative URL of the root of the service, seen from a page: "./" or one or more "../". */
    public static String root(String pageUrl) {
        long folders = pageUrl.chars().filter(character -> character == '/').count();
        return folders == 0 ? "./" : "../".repeat((int) folders);
    }
}
