package dev.darkroom.backend;

import io.vertx.core.Future;
import java.math.BigDecimal;
import java.util.Map;

/** Receives reports about the job of a call. Methods run on the context of the call and must not block. */
public interface JobListener {
    /** Ignores all reports. */
    JobListener NONE = new JobListener() {
        @Override
        public void onAccepted(String providerId) {
            // Ignored.
        }

        @Override
        public void onProgress(JobProgress progress) {
            // Ignored.
        }
    };

    /**
     * Called with the name of an API key before the first request with it, also when another key was rejected. Then a job that was reported
     * before belongs to the other key. The requests wait for the returned future. When it fails, they are not made.
     */
    default Future<Void> onApiKeySelected(String apiKey) {
        return Future.succeededFuture();
    }

    /** Called once, as soon as the id that the AI server assigned is known. */
    void onAccepted(String providerId);

    /** Called when the AI server reports progress, possibly often and with equal values. */
    void onProgress(JobProgress progress);

    /**
     * Called when the AI server reports what the job used, by unit, such as {@code credits} or {@code output_tokens}. A later report
     * replaces an earlier one.
     */
    default void onUsage(Map<String, BigDecimal> usage) {
        // Most AI servers report none.
    }
}
