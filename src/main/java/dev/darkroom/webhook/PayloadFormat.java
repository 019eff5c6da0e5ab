package dev.darkroom.webhook;

/** Format of webhook payloads. All formats are signed in the same way. */
public enum PayloadFormat {
    /** Standard Webhooks 1.0.0: {@code type}, {@code timestamp} and {@code data}. */
    STANDARD("application/json"),
    /** CloudEvents 1.0.2, structured mode. */
    CLOUDEVENTS("application/cloudevents+json"),
    /** A prediction of the Replicate API, rendered when it is sent. Only for the webhook of a request. */
    PREDICTION("application/json");

    private final String contentType;

    PayloadFormat(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }
}
