package dev.darkroom.documentation;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.documentation.markdown.HtmlText;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

/** Renders the fields of a JSON Schema as tables. Supports the keywords of {@code notifications.schema.json}. Thread-safe. */
final class EventSchemaHtml {
    private static final int MAX_DEPTH = 4;

    private final JsonNode document;

    /** @param document to which references of the form {@code #/$defs/Name} refer */
    EventSchemaHtml(JsonNode document) {
        this.document = document;
    }

    /** A row of a table. */
    private record Field(String name, String type, boolean required, String rules) {}

    String render(JsonNode schema) {
        StringBuilder html = new StringBuilder();
        append(html, resolve(schema));
        return html.toString();
    }

    private void append(StringBuilder html, JsonNode schema) {
        List<Field> fields = fields(schema, "", 0);
        if (!fields.isEmpty()) {
            appendTable(html, fields);
        }
        for (JsonNode alternative : schema.path("oneOf")) {
            JsonNode resolved = resolve(alternative);
            html.append("<p class=\"schema-case\">One of the forms:</p>");
            append(html, resolved);
        }
        for (JsonNode part : schema.path("allOf")) {
            appendConditions(html, resolve(part));
        }
        appendCondition(html, schema);
    }

    private void appendConditions(StringBuilder html, JsonNode schema) {
        appendCondition(html, schema);
        schema.path("allOf").forEach(part -> appendConditions(html, resolve(part)));
    }

    /** Appends the fields that apply under a condition on the value of another field. */
    private void appendCondition(StringBuilder html, JsonNode schema) {
        JsonNode condition = schema.path("if").path("properties");
        JsonNode consequence = resolve(schema.path("then"));
        if (condition.isEmpty() || consequence.isEmpty()) {
            return;
        }
        Map.Entry<String, JsonNode> field = condition.fields().next();
        html.append("<p class=\"schema-case\">If ")
                .append(HtmlText.code(field.getKey()))
                .append(" is ")
                .append(HtmlText.code(field.getValue().path("const").asText()));
        List<Field> fields = fields(consequence, "", 0);
        if (fields.isEmpty()) {
            html.append(", ").append(codes(consequence.path("required"))).append(" is present.</p>");
        } else {
            html.append(":</p>");
            appendTable(html, fields);
        }
    }

    private List<Field> fields(JsonNode schema, String prefix, int depth) {
        List<Field> fields = new ArrayList<>();
        Set<String> required = new LinkedHashSet<>();
        schema.path("required").forEach(name -> required.add(name.asText()));
        schema.path("properties").fields().forEachRemaining(property -> {
            JsonNode type = resolve(property.getValue());
            if (type.isBoolean()) {
                return;
            }
            String name = prefix + property.getKey();
            fields.add(new Field(name, typeOf(type), required.contains(property.getKey()), rules(type)));
            if (depth < MAX_DEPTH) {
                fields.addAll(fields(type, name + ".", depth + 1));
                fields.addAll(fields(resolve(type.path("items")), name + "[].", depth + 1));
            }
        });
        schema.path("allOf").forEach(part -> fields.addAll(fields(resolve(part), prefix, depth)));
        return fields;
    }

    private static void appendTable(StringBuilder html, List<Field> fields) {
        html.append("<div class=\"table-box\"><table><thead><tr><th>field</th><th>type</th><th>required</th>")
                .append("<th>values</th></tr></thead><tbody>");
        for (Field field : fields) {
            html.append("<tr><td>")
                    .append(HtmlText.code(field.name()))
                    .append("</td><td>")
                    .append(HtmlText.escape(field.type()))
                    .append("</td><td>")
                    .append(field.required() ? "yes" : "")
                    .append("</td><td>")
                    .append(field.rules())
                    .append("</td></tr>");
        }
        html.append("</tbody></table></div>");
    }

    private static String typeOf(JsonNode schema) {
        if (schema.path("type").isArray()) {
            return String.join(
                    " or ",
                    StreamSupport.stream(schema.path("type").spliterator(), false)
                            .map(JsonNode::asText)
                            .toList());
        }
        return schema.has("type") ? schema.path("type").asText() : "string";
    }

    /** Returns the accepted values of a field as HTML. */
    private static String rules(JsonNode schema) {
        List<String> rules = new ArrayList<>();
        if (schema.has("const")) {
            rules.add(HtmlText.code(schema.path("const").asText()));
        }
        if (schema.has("enum")) {
            rules.add(codes(schema.path("enum")));
        }
        if (schema.has("description")) {
            rules.add(HtmlText.escape(schema.path("description").asText()));
        }
        addRange(rules, schema, "minimum", "maximum", "");
        addRange(rules, schema, "minLength", "maxLength", " characters");
        if (schema.has("pattern")) {
            rules.add("matches " + HtmlText.code(schema.path("pattern").asText()));
        }
        return String.join("; ", rules);
    }

    private static void addRange(List<String> rules, JsonNode schema, String minimum, String maximum, String unit) {
        if (schema.has(minimum) && schema.has(maximum)) {
            rules.add(schema.path(minimum).asText() + " to "
                    + schema.path(maximum).asText() + unit);
        } else if (schema.has(minimum)) {
            rules.add("at least " + schema.path(minimum).asText() + unit);
        } else if (schema.has(maximum)) {
            rules.add("at most " + schema.path(maximum).asText() + unit);
        }
    }

    private JsonNode resolve(JsonNode schema) {
        String reference = schema.path("$ref").asText();
        // The AsyncAPI document names the file of the schemas; the schemas name only their part.
        int hash = reference.indexOf('#');
        return hash < 0 ? schema : resolve(document.at(reference.substring(hash + 1)));
    }

    private static String codes(JsonNode values) {
        return String.join(
                ", ",
                StreamSupport.stream(values.spliterator(), false)
                        .map(value -> HtmlText.code(value.asText()))
                        .toList());
    }
}
