package dev.darkroom.generation.worker;

import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationLeaseStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stores the id that the AI server assigned to the job of an attempt, so that another node can look it up. Thread-safe. */
final class JobRecorder implements JobListener {
    private static final Logger LOG = LoggerFactory.getLogger(JobRecorder.class);

    private final GenerationLease generationLease;
    private final GenerationLeaseStore leases;
    private volatile JobReference job;

    JobRecorder(GenerationLease generationLease, GenerationLeaseStore leases) {
        this.generationLease = generationLease;
        this.leases = leases;
        this.job = generationLease.job();
    }

    /** Returns the job, with the id of the AI server when it is known. */
    JobReference job() {
        return job;
    }

    @Override
    public void onAccepted(String providerId) {
        job = new JobReference(generationLease.job().key(), providerId);
        leases.storeProviderId(generationLease, providerId)
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("generation", generationLease.generationId())
                        .addKeyValue("attempt", generationLease.number())
                        .addKeyValue("reason", error.getMessage())
                        .log("job id of the AI server not stored"));
    }

    @Override
    public void onProgress(JobProgress progress) {
        // Not published yet.
    }
}
