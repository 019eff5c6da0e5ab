package dev.darkroom.eventbus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checks that PostgreSQL can store a text: it stores neither NUL nor half a surrogate pair. A statement with such a text
 * fails as a whole, and several commands may share one statement.
 */
public final class StorableText {
    private static final String EXPECTED = "must be well-formed text without NUL";

    private StorableText() {}

    /** Whether PostgreSQL can store it. */
    public static boolean isStorable(String text) {
        return text.codePoints()
                .noneMatch(c -> c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
    }

    /**
     * One error for each text in the body of a command that cannot be stored.
     *
     * @param except a field whose contents are checked elsewhere
     */
    static List<FieldError> findErrors(JsonObject body, String except) {
        List<FieldError> errors = new ArrayList<>();
        for (Map.Entry<String, Object> field : body) {
            if (!field.getKey().equals(except)) {
                findErrors("#/" + field.getKey(), field.getValue(), errors);
            }
        }
        return errors;
    }

    private static void findErrors(String pointer, Object value, List<FieldError> errors) {
        if (value instanceof String text && !isStorable(text)) {
            errors.add(new FieldError(isStorable(pointer) ? pointer : "#", EXPECTED));
        } else if (value instanceof JsonObject object) {
            object.forEach(field -> {
                if (!isStorable(field.getKey())) {
                    errors.add(new FieldError(pointer, "must have names that are well-formed text without NUL"));
                }
                findErrors(pointer + "/" + field.getKey(), field.getValue(), errors);
            });
        } else if (value instanceof JsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                findErrors(pointer + "/" + i, array.getValue(i), errors);
            }
        }
    }
}
