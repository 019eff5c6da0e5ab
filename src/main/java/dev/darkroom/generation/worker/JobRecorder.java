package dev.darkroom.generation.worker;

import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.FaultInjectionPoint;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores what an AI server reports about the job of an attempt: its id, so that another node can look it up, and its progress, at most
 * once per second. Thread-safe.
 */
final class JobRecorder implements JobListener {
    private static final Logger LOG = LoggerFactory.getLogger(JobRecorder.class);
    private static final Duration PROGRESS_INTERVAL = Duration.ofSeconds(1);

    private final Vertx vertx;
    private volatile GenerationLease generationLease;
    private final GenerationLeaseStore leases;
    private final GenerationEventPublisher eventPublisher;
    private volatile JobReference job;
    private volatile Map<String, BigDecimal> usage = Map.of();
    /** Last write of the job. Writes follow each other, so that a late one cannot belong to an earlier API key. */
    private Future<Void> lastWrite = Future.succeededFuture();
    // Guarded by this.
    private JobProgress latest;
    private JobProgress stored;
    private boolean waiting;
    private boolean ended;

    JobRecorder(
            Vertx vertx,
            GenerationLease generationLease,
            GenerationLeaseStore leases,
            GenerationEventPublisher eventPublisher) {
        this.vertx = vertx;
        this.generationLease = generationLease;
        this.leases = leases;
        this.eventPublisher = eventPublisher;
        this.job = generationLease.job();
    }

    /** Returns the job, with the id of the AI server when it is known. */
    JobReference job() {
        return job;
    }

    /** Returns the AI server of the job. */
    String backend() {
        return generationLease.backend();
    }

    /** Records the job at another AI server from now on. */
    void moveTo(GenerationLease moved) {
        generationLease = moved;
        job = moved.job();
    }

    /** Returns what the job used, by unit, as the AI server reported it; empty when it reported nothing. */
    Map<String, BigDecimal> usage() {
        return usage;
    }

    @Override
    public void onUsage(Map<String, BigDecimal> reported) {
        usage = Map.copyOf(reported);
    }

    /**
     * Stores the name, unless the row has it. Forgets the id and the usage of an earlier submission, which has another API key. Fails when the
     * lease is lost.
     */
    @Override
    public Future<Void> onApiKeySelected(String apiKey) {
        JobReference selected = new JobReference(job.key(), null, apiKey);
        if (selected.equals(job)) {
            return Future.succeededFuture();
        }
        return write("api key of the submission not stored", () -> leases.storeApiKey(generationLease, apiKey))
                .onSuccess(stored -> {
                    job = selected;
                    usage = Map.of();
                });
    }

    @Override
    public void onAccepted(String providerId) {
        FaultInjectionPoint.AFTER_ACCEPT.blockIfSelected();
        job = new JobReference(job.key(), providerId, job.apiKey());
        write("job id of the AI server not stored", () -> leases.storeProviderId(generationLease, providerId));
    }

    /** Writes after the previous write. Fails when the lease is lost. */
    private synchronized Future<Void> write(String failure, Supplier<Future<Boolean>> statement) {
        lastWrite = lastWrite
                .transform(previous -> statement.get())
                .compose(held -> held ? Future.<Void>succeededFuture() : Future.failedFuture("the lease is lost"))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("generation", generationLease.generationId())
                        .addKeyValue("attempt", generationLease.number())
                        .addKeyValue("reason", error.getMessage())
                        .log(failure));
        return lastWrite;
    }

    @Override
    public void onProgress(JobProgress progress) {
        synchronized (this) {
            latest = progress;
            if (waiting) {
                return;
            }
        }
        storeProgress();
    }

    /** Stores the latest progress if it is new, and waits before the next. */
    private void storeProgress() {
        JobProgress progress;
        synchronized (this) {
            if (ended || latest.equals(stored)) {
                return;
            }
            progress = latest;
            stored = progress;
            waiting = true;
        }
        vertx.setTimer(PROGRESS_INTERVAL.toMillis(), timer -> {
            synchronized (this) {
                waiting = false;
            }
            storeProgress();
        });
        leases.storeProgress(generationLease, progress)
                .onSuccess(held -> {
                    if (held) {
                        eventPublisher.publishJobProgress(generationLease, progress);
                    }
                })
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("generation", generationLease.generationId())
                        .addKeyValue("reason", error.getMessage())
                        .log("progress not stored"));
    }

    /** Ignores further progress. */
    synchronized void end() {
        ended = true;
    }
}
