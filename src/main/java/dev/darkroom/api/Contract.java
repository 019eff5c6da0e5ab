package dev.darkroom.api;

import io.vertx.core.http.HttpMethod;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The part of {@code openapi.yaml} that one port keeps. Immutable.
 *
 * @param document the whole file, word for word, as it is served
 * @param parsed this port's part, in the form that the router understands
 */
record Contract(String document, OpenAPIContract parsed) {

    /** The methods that a path knows, for an Allow header; empty when the path is unknown. */
    String allowedMethods(String requestPath) {
        return find(requestPath)
                .map(path -> path.getOperations().stream()
                        .map(Operation::getHttpMethod)
                        .map(HttpMethod::name)
                        .sorted()
                        .collect(Collectors.joining(", ")))
                .orElse("");
    }

    /** The ids of all operations. */
    List<String> operationIds() {
        return parsed.operations().stream().map(Operation::getOperationId).toList();
    }

    private Optional<Path> find(String requestPath) {
        return parsed.getPaths().stream()
                .filter(path -> matches(path.getName(), requestPath))
                .findFirst();
    }

    private static boolean matches(String template, String requestPath) {
        String expression = Pattern.compile("\\{[^}]+}")
                .splitAsStream(template)
                .map(Pattern::quote)
                .collect(Collectors.joining("[^/]+", "", template.endsWith("}") ? "[^/]+" : ""));
        return Pattern.matches(expression, requestPath);
    }
}
