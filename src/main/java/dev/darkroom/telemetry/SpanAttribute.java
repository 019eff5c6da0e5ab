package dev.darkroom.telemetry;

import io.opentelemetry.api.common.AttributeKey;

/**
 * Attributes of spans. Names without the prefix {@code darkroom.} follow the semantic conventions of OpenTelemetry. Values are ids,
 * numbers, and names from the settings or the code: no prompt, no URL, no user and no text of an AI server. {@code docs/tracing.md}
 * lists them.
 */
public enum SpanAttribute {
    HTTP_METHOD("http.request.method"),
    HTTP_ROUTE("http.route"),
    HTTP_STATUS("http.response.status_code"),
    SERVER_ADDRESS("server.address"),
    SERVER_PORT("server.port"),
    ERROR_TYPE("error.type"),
    DATABASE_SYSTEM("db.system.name"),
    MESSAGING_SYSTEM("messaging.system"),
    MESSAGING_OPERATION("messaging.operation.type"),
    MESSAGING_DESTINATION("messaging.destination.name"),
    MESSAGING_ID("messaging.message.id"),
    REQUEST_ID("darkroom.request.id"),
    GENERATION("darkroom.generation.id"),
    NODE("darkroom.node.id"),
    ATTEMPT("darkroom.attempt.number"),
    OUTCOME("darkroom.attempt.outcome"),
    BACKEND("darkroom.backend.name"),
    SELECTION("darkroom.backend.selection"),
    POLLS("darkroom.backend.polls"),
    FAILURE_CLASS("darkroom.failure.class"),
    IMAGES("darkroom.image.count");

    private final String attributeName;

    SpanAttribute(String attributeName) {
        this.attributeName = attributeName;
    }

    /** Returns the name of the attribute in a span. */
    public String attributeName() {
        return attributeName;
    }

    AttributeKey<String> textKey() {
        return AttributeKey.stringKey(attributeName);
    }

    AttributeKey<Long> numberKey() {
        return AttributeKey.longKey(attributeName);
    }
}
