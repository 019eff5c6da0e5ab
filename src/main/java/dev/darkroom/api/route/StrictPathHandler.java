package dev.darkroom.api.route;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Rejects requests with a path or method that the port does not serve. Compares paths literally. The router by itself ignores extra slashes and
 * resolves dot segments. One resource would then have many paths, unknown to caches and access rules of a proxy. Immutable.
 */
final class StrictPathHandler implements Handler<RoutingContext> {
    private final List<PathRule> rules;

    /** @param prefix path before its first parameter, which excludes most other paths without the pattern */
    private record PathRule(String prefix, Pattern pattern, Set<HttpMethod> methods) {
        boolean matches(String path) {
            return path.startsWith(prefix) && pattern.matcher(path).matches();
        }
    }

    /** @throws IllegalStateException when two paths are equal */
    StrictPathHandler(List<ServedPath> paths) {
        Set<String> templates = new HashSet<>();
        for (ServedPath path : paths) {
            if (!templates.add(path.template())) {
                throw new IllegalStateException("two routes serve " + path.template());
            }
        }
        rules = paths.stream()
                .map(path -> new PathRule(path.prefix(), path.pattern(), path.methods()))
                .toList();
    }

    @Override
    public void handle(RoutingContext context) {
        HttpMethod method = context.request().method();
        String requested = context.request().path();
        for (PathRule path : rules) {
            if (path.matches(requested)) {
                if (path.methods().contains(method)) {
                    context.next();
                } else {
                    context.fail(Problem.methodNotAllowed(method.name(), joinNames(path.methods())));
                }
                return;
            }
        }
        context.fail(Problem.unknownPath());
    }

    private static String joinNames(Set<HttpMethod> methods) {
        return methods.stream().map(HttpMethod::name).sorted().collect(Collectors.joining(", "));
    }
}
