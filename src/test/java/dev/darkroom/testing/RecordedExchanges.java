package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** HTTP exchanges recorded from a genuine server or quoted from its documentation, in {@code src/test/resources/recordings}. */
public final class RecordedExchanges {
    private final Map<String, JsonObject> exchanges = new LinkedHashMap<>();

    private RecordedExchanges() {}

    /** Loads a file by its name without the extension. */
    public static RecordedExchanges load(String file) {
        RecordedExchanges recorded = new RecordedExchanges();
        try (InputStream in = RecordedExchanges.class.getResourceAsStream("/recordings/" + file + ".json")) {
            new JsonArray(Buffer.buffer(in.readAllBytes()))
                    .forEach(each -> recorded.exchanges.put(((JsonObject) each).getString("name"), (JsonObject) each));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return recorded;
    }

    public int status(String name) {
        return exchange(name).getInteger("status");
    }

    /** Returns the body of a response; a {@link JsonObject}, or a string when it is no JSON. */
    public Object response(String name) {
        return exchange(name).getValue("response");
    }

    public JsonObject responseObject(String name) {
        return exchange(name).getJsonObject("response");
    }

    /** Returns a whole exchange. */
    public JsonObject exchange(String name) {
        assertThat(exchanges).containsKey(name);
        return exchanges.get(name);
    }

    /**
     * Describes the fields of a JSON value and their types, without the values. Arrays are described by their first element.
     *
     * @return a text, or a map of field names
     */
    public static Object shape(Object json) {
        if (json instanceof JsonObject object) {
            Map<String, Object> fields = new TreeMap<>();
            object.forEach(field -> fields.put(field.getKey(), shape(field.getValue())));
            return fields;
        }
        if (json instanceof JsonArray array) {
            return array.isEmpty() ? "[]" : "[" + shape(array.getValue(0)) + "]";
        }
        return json instanceof Number
                ? "number"
                : json == null ? "null" : json.getClass().getSimpleName();
    }
}
