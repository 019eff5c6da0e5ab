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
 * Lets through what the contract knows, to the letter. The router by itself forgives slashes too many and resolves dots, so
 * that one thing would have many names, which caches and access rules in front of the service would not know.
 */
final class StrictPathHandler implements Handler<RoutingContext> {
    private static final Pattern PATH_PARAMETER = Pattern.compile("\\{[^}]+}");

    private final List<PathRule> rules;

    private record PathRule(Pattern pattern, Set<HttpMethod> methods) {}

    /** @param streams ids of the operations whose answers may stay open */
    StrictPathHandler(OpenAPIContract contract, Set<String> streams) {
        rules = contract.getPaths().stream()
                .map(path -> new PathRule(compilePattern(path.getName()), allowedMethods(contract, path, streams)))
                .toList();
    }

    @Override
    public void handle(RoutingContext context) {
        HttpMethod method = context.request().method();
        String requested = context.request().path();
        for (PathRule path : rules) {
            if (path.pattern().matcher(requested).matches()) {
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
        // With a limit, so that a parameter at the end leaves an empty rest, and is not lost.
        String literals = PATH_PARAMETER
                .splitAsStream(template + "\n")
                .map(part -> Pattern.quote(part.replace("\n", "")))
                .collect(Collectors.joining("[^/]+"));
        return Pattern.compile(literals);
    }

    private static Set<HttpMethod> allowedMethods(OpenAPIContract contract, Path path, Set<String> streams) {
        return path.getOperations().stream()
                .flatMap(operation -> supportsHead(contract, operation, streams)
                        ? Stream.of(operation.getHttpMethod(), HttpMethod.HEAD)
                        : Stream.of(operation.getHttpMethod()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Whether the operation answers HEAD too (RFC 9110, section 9.3.2): a GET, unless its path has a HEAD of its own, or its answer may
     * stay open.
     */
    static boolean supportsHead(OpenAPIContract contract, Operation operation, Set<String> streams) {
        return HttpMethod.GET.equals(operation.getHttpMethod())
                && !streams.contains(operation.getOperationId())
                && contract.operations().stream()
                        .noneMatch(other -> HttpMethod.HEAD.equals(other.getHttpMethod())
                                && other.getOpenAPIPath().equals(operation.getOpenAPIPath()));
    }

    private static String joinNames(Set<HttpMethod> methods) {
        return methods.stream().map(HttpMethod::name).sorted().collect(Collectors.joining(", "));
    }
}
