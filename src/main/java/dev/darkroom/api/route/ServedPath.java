package dev.darkroom.api.route;

import io.vertx.core.http.HttpMethod;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A path with the methods that it supports. Compares paths literally.
 *
 * @param template path; a parameter such as <code>{id}</code> stands for one or more characters other than a slash, but for no
 *     dot segment, also with encoded dots
 * @param methods supported methods; HEAD only if it is listed
 */
public record ServedPath(String template, Set<HttpMethod> methods) {
    private static final Pattern PARAMETER = Pattern.compile("\\{[^}]+}");
    private static final String PARAMETER_VALUE = "(?!(?:\\.|%2[eE]){1,2}(?:/|\\z))[^/]+";
    private static final Set<HttpMethod> READ_METHODS = Set.of(HttpMethod.GET, HttpMethod.HEAD);

    public ServedPath {
        methods = Set.copyOf(methods);
    }

    /** Returns a path that supports GET and HEAD. */
    public static ServedPath readOnly(String template) {
        return new ServedPath(template, READ_METHODS);
    }

    /** Returns the path in the form of the router: <code>{id}</code> is <code>:id</code>. */
    public String routerPath() {
        return PARAMETER
                .matcher(template)
                .replaceAll(parameter ->
                        ':' + parameter.group().substring(1, parameter.group().length() - 1));
    }

    /** Returns the path before its first parameter. */
    String prefix() {
        return PARAMETER.split(template)[0];
    }

    Pattern pattern() {
        // The line feed keeps the part after a final parameter, which is empty and which the split would drop.
        String literals = PARAMETER
                .splitAsStream(template + "\n")
                .map(part -> Pattern.quote(part.replace("\n", "")))
                .collect(Collectors.joining(PARAMETER_VALUE));
        return Pattern.compile(literals);
    }
}
