package dev.darkroom.api.transport;

/** Names of response headers that several APIs send. */
public final class ResponseHeaders {
    /** Id of the generation that a request created or joined, also of an error response. */
    public static final String GENERATION_ID = "Darkroom-Generation-Id";

    /** Value {@code false}: a retry is in vain. The clients of the OpenAI API obey it. */
    public static final String SHOULD_RETRY = "X-Should-Retry";

    private ResponseHeaders() {}
}
