package dev.darkroom.generation.command;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.upload.UploadStore;
import dev.darkroom.usage.BudgetLimits;
import java.util.List;
import java.util.function.Consumer;

/**
 * Objects that the {@link GenerationCommandVerticle} instances of a process share. All are usable from any event loop.
 *
 * @param submissions one instance per process, because it serializes submissions
 * @param notifyChannel sends signals to other processes
 * @param backlogEstimator updated by a periodic task
 * @param queueSnapshots read on demand, at most once per second
 * @param completionWaiters notified by {@code CompletionVerticle}
 * @param finishListeners called inside the transactions that end generations
 * @param egressPolicy checks the webhook URLs of requests
 * @param uploads finds the uploads that requests name
 * @param inputImageEgress checks the URLs of input images
 * @param jobCanceller asks an AI server to stop a job; best effort, must neither block nor throw
 * @param metrics counts accepted and rejected generations
 */
public record GenerationCommandDependencies(
        Database database,
        SubmissionStore submissions,
        NotifyChannel notifyChannel,
        ImageStore imageStore,
        BacklogEstimator backlogEstimator,
        QueueSnapshots queueSnapshots,
        CompletionWaiters completionWaiters,
        List<GenerationFinishListener> finishListeners,
        EgressPolicy egressPolicy,
        UploadStore uploads,
        EgressPolicy inputImageEgress,
        Consumer<GenerationOutcomeStore.UnresolvedJob> jobCanceller,
        BudgetLimits budgetLimits,
        Settings.Node nodeSettings,
        SubmissionMetrics metrics) {}
