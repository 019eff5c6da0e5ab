package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Rejects requests with a path or method that the contract does not have. Compares paths literally. The router by itself ignores extra
 * slashes and resolves dot segments. One resource would then have many paths, unknown to caches and access rules of a proxy. Immutable.
 */
final class StrictPathHandler implements Handler<RoutingContext> {
    private static final Pattern PATH_PARAMETER = Pattern.compile("\\{[^}]+}");

    private final List<PathRule> rules;

    /** @param prefix path before its first parameter, which excludes most other paths without the pattern */
    private record PathRule(String prefix, Pattern pattern, Set<HttpMethod> methods) {
        boolean matches(String path) {
            return path.startsWith(prefix) && pattern.matcher(path).matches();
        }
    }

    /** @param streamOperationIds ids of the operations with responses that may stay open */
    StrictPathHandler(OpenAPIContract contract, Set<String> streamOperationIds) {
        rules = contract.getPaths().stream()
                .map(path -> new PathRule(
                        PATH_PARAMETER.split(path.getName())[0],
                        compilePattern(path.getName()),
                        allowedMethods(contract, path, streamOperationIds)))
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

    private static Pattern compilePattern(String template) {
        // The line feed keeps the part after a final parameter, which is empty and which the split would drop.
        String literals = PATH_PARAMETER
                .splitAsStream(template + "\n")
                .map(part -> Pattern.quote(part.replace("\n", "")))
                .collect(Collectors.joining("[^/]+"));
        return Pattern.compile(literals);
    }

    private static Set<HttpMethod> allowedMethods(OpenAPIContract contract, Path path, Set<String> streamOperationIds) {
        return path.getOperations().stream()
                .flatMap(operation -> supportsHead(contract, operation, streamOperationIds)
                        ? Stream.of(operation.getHttpMethod(), HttpMethod.HEAD)
                        : Stream.of(operation.getHttpMethod()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Returns whether the operation also serves HEAD (RFC 9110, section 9.3.2): a GET, unless its path has its own HEAD operation or its
     * response may stay open.
     */
    static boolean supportsHead(OpenAPIContract contract, Operation operation, Set<String> streamOperationIds) {
        return HttpMethod.GET.equals(operation.getHttpMethod())
                && !streamOperationIds.contains(operation.getOperationId())
                && contract.operations().stream()
                        .noneMatch(other -> HttpMethod.HEAD.equals(other.getHttpMethod())
                                && other.getOpenAPIPath().equals(operation.getOpenAPIPath()));
    }

    private static String joinNames(Set<HttpMethod> methods) {
        return methods.stream().map(HttpMethod::name).sorted().collect(Collectors.joining(", "));
    }
}
