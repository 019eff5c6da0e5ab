package dev.darkroom.webhook;

/** In which shape an endpoint wants to be told. */
public enum PayloadFormat {
    /** The body of Standard Webhooks: type, timestamp, data. */
    STANDARD("application/json"),
    /** CloudEvents in structured mode. Signed all the same. */
    CLOUDEVENTS("application/cloudevents+json");

    private final String contentType;

    PayloadFormat(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }
}
