package dev.darkroom.backend;

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

    /** Called once, as soon as the id that the AI server assigned is known. */
    void onAccepted(String providerId);

    /** Called when the AI server reports progress, possibly often and with equal values. */
    void onProgress(JobProgress progress);
}
