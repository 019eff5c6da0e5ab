package dev.darkroom.webhook;

/** In which shape an endpoint wants to be told. */
enum Format {
    /** The body of Standard Webhooks: type, timestamp, data. */
    STANDARD("application/json"),
    /** CloudEvents in structured mode. Signed all the same. */
    CLOUDEVENTS("application/cloudevents+json");

    private final String contentType;

    Format(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }
}
