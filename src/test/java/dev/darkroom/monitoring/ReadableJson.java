package dev.darkroom.monitoring;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Prints JSON for people: an object or array that fits into a line is one line. */
final class ReadableJson {
    private static final int LINE_LENGTH = 150;

    private ReadableJson() {}

    /** Returns the JSON with a final line break. */
    static String print(JsonObject json) {
        StringBuilder text = new StringBuilder();
        append(text, json, "");
        return text.append('\n').toString();
    }

    private static void append(StringBuilder text, Object value, String indent) {
        String line = Json.encode(value);
        boolean fits = indent.length() + line.length() <= LINE_LENGTH;
        if (!fits && value instanceof JsonObject object) {
            List<String> names = List.copyOf(object.fieldNames());
            text.append("{\n");
            for (int i = 0; i < names.size(); i++) {
                text.append(indent)
                        .append("  ")
                        .append(Json.encode(names.get(i)))
                        .append(": ");
                append(text, object.getValue(names.get(i)), indent + "  ");
                text.append(i < names.size() - 1 ? ",\n" : "\n");
            }
            text.append(indent).append('}');
        } else if (!fits && value instanceof JsonArray array) {
            text.append("[\n");
            for (int i = 0; i < array.size(); i++) {
                text.append(indent).append("  ");
                append(text, array.getValue(i), indent + "  ");
                text.append(i < array.size() - 1 ? ",\n" : "\n");
            }
            text.append(indent).append(']');
        } else {
            text.append(line);
        }
    }
}
