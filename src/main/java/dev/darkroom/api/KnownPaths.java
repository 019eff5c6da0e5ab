package dev.darkroom.api;

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
 * Lets through what the contract knows, to the letter. The router by itself forgives slashes too many and resolves dots, so
 * that one thing would have many names, which caches and access rules in front of the service would not know.
 */
final class KnownPaths implements Handler<RoutingContext> {
    private static final Pattern PARAMETER = Pattern.compile("\\{[^}]+}");

    private final List<Known> paths;

    private record Known(Pattern pattern, Set<HttpMethod> methods) {}

    /** @param streams ids of the operations whose answers may stay open */
    KnownPaths(OpenAPIContract contract, Set<String> streams) {
        paths = contract.getPaths().stream()
                .map(path -> new Known(pattern(path.getName()), methods(contract, path, streams)))
                .toList();
    }

    @Override
    public void handle(RoutingContext context) {
        HttpMethod method = context.request().method();
        String requested = context.request().path();
        for (Known path : paths) {
            if (path.pattern().matcher(requested).matches()) {
                if (path.methods().contains(method)) {
                    context.next();
                } else {
                    context.fail(Problem.methodNotAllowed(method.name(), names(path.methods())));
                }
                return;
            }
        }
        context.fail(Problem.unknownPath());
    }

    private static Pattern pattern(String template) {
        // With a limit, so that a parameter at the end leaves an empty rest, and is not lost.
        String literals = PARAMETER
                .splitAsStream(template + "\n")
                .map(part -> Pattern.quote(part.replace("\n", "")))
                .collect(Collectors.joining("[^/]+"));
        return Pattern.compile(literals);
    }

    private static Set<HttpMethod> methods(OpenAPIContract contract, Path path, Set<String> streams) {
        return path.getOperations().stream()
                .flatMap(operation -> answersHead(contract, operation, streams)
                        ? Stream.of(operation.getHttpMethod(), HttpMethod.HEAD)
                        : Stream.of(operation.getHttpMethod()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Whether the operation answers HEAD too (RFC 9110, section 9.3.2): a GET, unless its path has a HEAD of its own, or its answer may
     * stay open.
     */
    static boolean answersHead(OpenAPIContract contract, Operation operation, Set<String> streams) {
        return HttpMethod.GET.equals(operation.getHttpMethod())
                && !streams.contains(operation.getOperationId())
                && contract.operations().stream()
                        .noneMatch(other -> HttpMethod.HEAD.equals(other.getHttpMethod())
                                && other.getOpenAPIPath().equals(operation.getOpenAPIPath()));
    }

    private static String names(Set<HttpMethod> methods) {
        return methods.stream().map(HttpMethod::name).sorted().collect(Collectors.joining(", "));
    }
}
