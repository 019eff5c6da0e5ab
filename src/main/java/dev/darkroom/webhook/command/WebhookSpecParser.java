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
 * Parses and validates the JSON of a webhook. The OpenAPI contract validates HTTP requests before; event-bus commands are validated here
 * only. Does not check the URL against the egress policy. One instance per command; not thread-safe.
 */
final class WebhookSpecParser {
    private static final Set<String> FIELDS = Set.of("url", "eventTypes", "format", "description");
    private static final int MAX_DESCRIPTION_LENGTH = 200;

    private final List<FieldError> errors = new ArrayList<>();
    private final JsonObject json;

    WebhookSpecParser(JsonObject json) {
        this.json = json;
    }

    /** Returns the validation errors; empty if the JSON is valid. */
    List<FieldError> errors() {
        return errors;
    }

    /**
     * Parses the JSON. Collects all errors; the result is meaningful only if there are none.
     *
     * @param urlRequired true for a new webhook, false for an update
     */
    WebhookSpec parse(boolean urlRequired) {
        for (String field : json.fieldNames()) {
            if (!FIELDS.contains(field)) {
                errors.add(new FieldError(
                        "#", "has an unknown field; known fields: url, eventTypes, format, description"));
            }
        }
        String url = parseString("url");
        if (urlRequired && !json.containsKey("url")) {
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
        boolean valid = json.getValue("eventTypes") instanceof JsonArray types
                && !types.isEmpty()
                && types.stream().allMatch(WebhookEventTypes.SUBSCRIBABLE::contains);
        if (!valid) {
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
        Object name = json.getValue("format");
        return Stream.of(PayloadFormat.values())
                .filter(payloadFormat -> payloadFormat.name().equals(name))
                .findFirst()
                .orElseGet(() -> {
                    errors.add(new FieldError("#/format", "must be STANDARD or CLOUDEVENTS"));
                    return null;
                });
    }
}
