package dev.darkroom.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;

/** Types of spans, with their names and constant attributes. {@code docs/tracing.md} lists them. */
public enum SpanType {
    /** Request to the API. Its name is the method and the route. */
    HTTP_SERVER("", SpanKind.SERVER, Attributes.empty()),
    /** Handling of a command. Its name ends with the type of the command. */
    COMMAND("command", SpanKind.INTERNAL, Attributes.empty()),
    /** Statement that stores and queues a generation. */
    GENERATION_SUBMIT("generation submit", SpanKind.PRODUCER, queue("send", "generation_queue")),
    /** Time of a generation in the queue, from its acceptance or its due time to the claim. */
    GENERATION_WAIT("generation wait", SpanKind.INTERNAL, Attributes.empty()),
    /** One attempt, from the claim to its recorded outcome. */
    GENERATION_ATTEMPT("generation attempt", SpanKind.CONSUMER, queue("process", "generation_queue")),
    /** Submission to an AI server or look-up of a job, polls and downloads included. */
    BACKEND_CALL("backend call", SpanKind.INTERNAL, Attributes.empty()),
    /** HTTP request, redirects included. Its name is the method. */
    HTTP_CLIENT("", SpanKind.CLIENT, Attributes.empty()),
    /** Write of the images of an attempt to the image store, retries included. */
    IMAGE_STORE("image store", SpanKind.INTERNAL, Attributes.empty()),
    /** Transaction that records the outcome of an attempt, retries included. */
    OUTCOME_COMMIT(
            "outcome commit", SpanKind.CLIENT, Attributes.of(SpanAttribute.DATABASE_SYSTEM.textKey(), "postgresql")),
    /** Statements that store the notification of an ended generation and its webhook deliveries. */
    NOTIFICATION_CREATE("notification create", SpanKind.PRODUCER, queue("create", "notifications")),
    /** Time of a webhook delivery in the queue, from its due time to the claim. */
    DELIVERY_WAIT("delivery wait", SpanKind.INTERNAL, Attributes.empty()),
    /** One attempt to deliver a webhook, from the claim to its recorded outcome. */
    DELIVERY_ATTEMPT("delivery attempt", SpanKind.CONSUMER, queue("process", "webhook_queue"));

    private final String label;
    private final SpanKind kind;
    private final Attributes attributes;

    SpanType(String label, SpanKind kind, Attributes attributes) {
        this.label = label;
        this.kind = kind;
        this.attributes = attributes;
    }

    private static Attributes queue(String operation, String table) {
        return Attributes.of(
                SpanAttribute.MESSAGING_SYSTEM.textKey(),
                "darkroom",
                SpanAttribute.MESSAGING_OPERATION.textKey(),
                operation,
                SpanAttribute.MESSAGING_DESTINATION.textKey(),
                table);
    }

    /** Returns the name of the spans, or the constant part of it; empty when the whole name varies. */
    public String label() {
        return label;
    }

    /** Returns the kind of the spans in lower case, as {@code docs/tracing.md} shows it. */
    public SpanKind kind() {
        return kind;
    }

    Attributes attributes() {
        return attributes;
    }
}
