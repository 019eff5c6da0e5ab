package dev.darkroom.webhook.command;

import dev.darkroom.eventbus.FieldError;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookEventTypes;
import dev.darkroom.webhook.command.WebhookStore.WebhookSpec;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What somebody wants of an endpoint, as it came in. Over HTTP the contract has already refused most of what is wrong; commands of the
 * event bus come here unread. Whether the URL may be called is judged elsewhere.
 */
final class WebhookSpecParser {
    private static final Set<String> FIELDS = Set.of("url", "eventTypes", "format", "description");
    private static final int MAX_DESCRIPTION_LENGTH = 200;

    private final List<FieldError> errors = new ArrayList<>();
    private final JsonObject json;

    WebhookSpecParser(JsonObject json) {
        this.json = json;
    }

    /** Empty when nothing is wrong. */
    List<FieldError> errors() {
        return errors;
    }

    /** @param whole whether it is a new endpoint, which needs a URL */
    WebhookSpec parse(boolean whole) {
        for (String field : json.fieldNames()) {
            if (!FIELDS.contains(field)) {
                errors.add(new FieldError(
                        "#", "has a field that is not known; known: url, eventTypes, format, description"));
            }
        }
        String url = parseString("url");
        if (whole && !json.containsKey("url")) {
            errors.add(new FieldError("#/url", "is required"));
        }
        String description = parseString("description");
        if (description != null && description.length() > MAX_DESCRIPTION_LENGTH) {
            errors.add(
                    new FieldError("#/description", "must be at most " + MAX_DESCRIPTION_LENGTH + " characters long"));
        }
        return new WebhookSpec(url, parseEventTypes(), parseFormat(), description);
    }

    private String parseString(String field) {
        if (!json.containsKey(field)) {
            return null;
        }
        if (json.getValue(field) instanceof String text && text.indexOf(0) < 0) {
            return text;
        }
        errors.add(new FieldError("#/" + field, "must be a string without NUL"));
        return null;
    }

    private List<String> parseEventTypes() {
        if (!json.containsKey("eventTypes")) {
            return null;
        }
        boolean known = json.getValue("eventTypes") instanceof JsonArray types
                && !types.isEmpty()
                && types.stream().allMatch(WebhookEventTypes.SUBSCRIBABLE::contains);
        if (!known) {
            errors.add(new FieldError(
                    "#/eventTypes", "must be one or more of " + String.join(", ", WebhookEventTypes.SUBSCRIBABLE)));
            return null;
        }
        return json.getJsonArray("eventTypes").stream()
                .map(String::valueOf)
                .distinct()
                .toList();
    }

    private PayloadFormat parseFormat() {
        if (!json.containsKey("format")) {
            return null;
        }
        Object given = json.getValue("format");
        return Stream.of(PayloadFormat.values())
                .filter(payloadFormat -> payloadFormat.name().equals(given))
                .findFirst()
                .orElseGet(() -> {
                    errors.add(new FieldError("#/format", "must be STANDARD or CLOUDEVENTS"));
                    return null;
                });
    }
}
