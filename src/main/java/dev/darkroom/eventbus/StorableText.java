package dev.darkroom.eventbus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checks that PostgreSQL can store a text: it rejects NUL and unpaired surrogates. The check protects other commands: several may
 * share one statement, and a statement with such a text fails as a whole.
 */
public final class StorableText {
    /** Error detail for other text. */
    public static final String EXPECTED = "must be well-formed text without NUL";

    private StorableText() {}

    /** Returns whether PostgreSQL can store the text. */
    public static boolean isStorable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isSurrogate(c)) {
                if (Character.isSupplementaryCodePoint(text.codePointAt(i))) {
                    // Skips the second half of the pair.
                    i++;
                } else {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Returns one error for each text in the body of a command that PostgreSQL cannot store.
     *
     * @param excludedField a field that is not checked
     */
    public static List<FieldError> findErrors(JsonObject body, String excludedField) {
        List<FieldError> errors = new ArrayList<>();
        for (Map.Entry<String, Object> field : body) {
            if (!field.getKey().equals(excludedField)) {
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
