package dev.darkroom.generation;

/**
 * Webhook of one request, for the end of its generation.
 *
 * @param format name of the format of its payload
 */
public record RequestWebhook(String url, String format) {
    /** The format of notifications. */
    public static final String STANDARD = "STANDARD";
    /** A prediction of the Replicate API. */
    public static final String PREDICTION = "PREDICTION";

    /** Returns the webhook with a URL in the standard format; null without a URL. */
    public static RequestWebhook standard(String url) {
        return url == null ? null : new RequestWebhook(url, STANDARD);
    }
}
