package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.json.schema.common.dsl.SchemaType;
import io.vertx.openapi.contract.Location;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads and validates the path, query and header parameters of one operation. An operation with query parameters rejects unknown ones: a
 * misspelled filter must not return everything. Confined to one event loop.
 */
final class ParameterReader {
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,9}");

    private final List<DeclaredParameter> declared = new ArrayList<>();
    private final List<String> queryNames;

    private record DeclaredParameter(Parameter parameter, CompiledSchema schema) {}

    ParameterReader(Operation operation) {
        for (Parameter parameter : operation.getParameters()) {
            declared.add(new DeclaredParameter(parameter, CompiledSchema.compile(parameter.getSchema())));
        }
        queryNames = operation.getParameters().stream()
                .filter(parameter -> parameter.getIn() == Location.QUERY)
                .map(Parameter::getName)
                .toList();
    }

    /**
     * Returns the present parameters by name, as strings or integers.
     *
     * @throws Problem when a parameter is invalid or unknown
     */
    JsonObject read(RoutingContext context) {
        JsonObject values = new JsonObject();
        for (DeclaredParameter each : declared) {
            Object value = readValue(each.parameter, context);
            if (value == null) {
                continue;
            }
            if (!each.schema.validate(value).isEmpty()) {
                throw Problem.invalid(
                        each.parameter.getName(),
                        ValidationErrorMapper.describeParameter(each.parameter.getName(), each.schema.node()));
            }
            values.put(each.parameter.getName(), value);
        }
        if (!queryNames.isEmpty()) {
            for (String name : context.queryParams().names()) {
                if (!queryNames.contains(name)) {
                    throw Problem.invalid(name, "is not a known parameter; known: " + String.join(", ", queryNames));
                }
            }
        }
        return values;
    }

    private static Object readValue(Parameter parameter, RoutingContext context) {
        String name = parameter.getName();
        String text = switch (parameter.getIn()) {
            case PATH -> context.pathParam(name);
            case QUERY -> singleValue(name, context.queryParams());
            case HEADER -> joinedHeader(name, context.request());
            case COOKIE -> null;
        };
        boolean isInteger = text != null
                && parameter.getSchemaType() == SchemaType.INTEGER
                && INTEGER.matcher(text).matches();
        return isInteger ? (Object) Integer.valueOf(text) : text;
    }

    private static String singleValue(String name, MultiMap values) {
        List<String> all = values.getAll(name);
        if (all.size() > 1) {
            throw Problem.invalid(name, "must not be given more than once");
        }
        return all.isEmpty() ? null : all.get(0);
    }

    /** Joins a list header that is sent on several lines (RFC 9110, section 5.3). An idempotency key is not a list. */
    private static String joinedHeader(String name, HttpServerRequest request) {
        return name.equals(IdempotencyKeyHeader.NAME)
                ? singleValue(name, request.headers())
                : request.headers().contains(name)
                        ? String.join(", ", request.headers().getAll(name))
                        : null;
    }
}
