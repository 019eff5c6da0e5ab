package dev.darkroom.generation.command;

import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.command.SubmissionMetrics.Limit;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.generation.store.BudgetStore;
import dev.darkroom.generation.store.SubmissionStore.Submission;
import dev.darkroom.usage.BudgetState;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Limits of new generations: size of the queue, waiting time, budgets and quotas. Stateless. */
final class SubmissionLimits {
    private static final Logger LOG = LoggerFactory.getLogger(SubmissionLimits.class);

    /** Value of {@code retryAfterSeconds} minus one for a full queue, because the time until there is room is unknown. */
    private static final Duration QUEUE_FULL_RETRY_AFTER = Duration.ofSeconds(29);

    private static final Duration PENDING_LIMIT_RETRY_AFTER = Duration.ofSeconds(9);
    private static final Duration DAILY_LIMIT_RETRY_AFTER = Duration.ofSeconds(59);

    /** A submission in progress may end and cost less than reserved. */
    private static final Duration RESERVED_BUDGET_RETRY_AFTER = Duration.ofSeconds(10);

    private static final Duration MIN_RETRY_AFTER = Duration.ofSeconds(1);

    private final GenerationCommandDependencies dependencies;
    private final Settings.Generation settings;
    private final ModelCatalog catalog;
    private final BudgetCheck budgetCheck;

    SubmissionLimits(GenerationCommandDependencies dependencies, Settings.Generation settings, ModelCatalog catalog) {
        this.dependencies = dependencies;
        this.settings = settings;
        this.catalog = catalog;
        this.budgetCheck =
                new BudgetCheck(catalog, dependencies.budgetLimits(), new BudgetStore(dependencies.database()));
    }

    /**
     * Finds a limit that a submission exceeds. The statement that stores it checks the quotas, see {@link #rejectOverQuota}.
     *
     * @return creates and logs the rejection; empty when the submission may be stored
     */
    Future<Optional<Supplier<CommandReply<CreatedGeneration>>>> findRejection(Submission submission, String requestId) {
        if (dependencies.backlogEstimator().hasReached(settings.maxQueueSize())) {
            return Future.succeededFuture(Optional.of(
                    () -> reject(Limit.QUEUE_FULL, "the queue is full", QUEUE_FULL_RETRY_AFTER, requestId)));
        }
        return estimateWait(submission).compose(wait -> {
            if (wait.compareTo(settings.deadline()) > 0) {
                return Future.succeededFuture(Optional.of(() -> reject(
                        Limit.WAIT_TOO_LONG,
                        "the generation would not start before its deadline",
                        wait.minus(settings.deadline()),
                        requestId)));
            }
            ModelSettings model = catalog.find(submission.request().model()).orElseThrow();
            return budgetCheck
                    .findExhausted(
                            submission.userId(), model, submission.request().toImageRequest(submission.id()))
                    .map(found -> found.map(exhausted -> () -> rejectOverBudget(exhausted, requestId)));
        });
    }

    private CommandReply<CreatedGeneration> rejectOverBudget(BudgetCheck.Exhausted exhausted, String requestId) {
        BudgetState budget = exhausted.budget();
        Duration retryAfter = budget.spentBy(exhausted.cost()) ? budget.resetsIn() : RESERVED_BUDGET_RETRY_AFTER;
        LOG.atWarn()
                .addKeyValue("requestId", requestId)
                .addKeyValue("scope", budget.limit().scope())
                .addKeyValue("owner", budget.limit().owner())
                .addKeyValue("period", budget.limit().period())
                .addKeyValue("limitMicros", budget.limit().micros())
                .log("generation rejected, budget exhausted");
        dependencies.metrics().recordRejected(Limit.BUDGET_EXCEEDED);
        return CommandReply.rejected(
                RejectionReason.BUDGET_EXCEEDED,
                budget.describe(dependencies.budgetLimits().currency()),
                retryAfter.compareTo(MIN_RETRY_AFTER) < 0 ? MIN_RETRY_AFTER : retryAfter);
    }

    /**
     * Estimates how long a new generation would wait; never too long. The queue is fair: the backlog of other users does
     * not delay a user with few waiting generations. Queries the database only when the whole queue would take longer than the deadline.
     */
    private Future<Duration> estimateWait(Submission submission) {
        BacklogEstimator backlogEstimator = dependencies.backlogEstimator();
        if (!backlogEstimator.takesLongerThan(settings.deadline())) {
            return Future.succeededFuture(Duration.ZERO);
        }
        // Counts to twice the decisive number, so that Retry-After can distinguish long waits.
        return dependencies
                .submissions()
                .countAhead(
                        submission.userId(),
                        submission.route(),
                        2 * backlogEstimator.capacityWithin(settings.deadline()) + 1)
                .map(ahead -> backlogEstimator.estimateWait(ahead).orElse(Duration.ZERO));
    }

    private CommandReply<CreatedGeneration> reject(Limit limit, String reason, Duration retryAfter, String requestId) {
        long seconds = Math.max(1, Math.min(60, retryAfter.toSeconds() + 1));
        LOG.atWarn()
                .addKeyValue("requestId", requestId)
                .addKeyValue("reason", reason)
                .addKeyValue("retryAfterSeconds", seconds)
                .log("generation rejected");
        dependencies.metrics().recordRejected(limit);
        RejectionReason rejectionReason = limit == Limit.PENDING_QUOTA || limit == Limit.DAILY_QUOTA
                ? RejectionReason.QUOTA_EXCEEDED
                : RejectionReason.OVERLOADED;
        return CommandReply.rejected(rejectionReason, reason, Duration.ofSeconds(seconds));
    }

    /** Rejects a submission that exceeded a quota of its user, and finds out which one, even if the quota has room again by now. */
    Future<CommandReply<CreatedGeneration>> rejectOverQuota(Submission submission, String requestId) {
        return dependencies
                .submissions()
                .findReachedLimits(submission.userId())
                .map(reachedLimits -> reachedLimits.dailyLimit() && !reachedLimits.pendingLimit()
                        ? reject(
                                Limit.DAILY_QUOTA,
                                "daily quota of " + settings.maxPerDayPerUser() + " generations exceeded",
                                DAILY_LIMIT_RETRY_AFTER,
                                requestId)
                        : reject(
                                Limit.PENDING_QUOTA,
                                "quota of " + settings.maxPendingPerUser() + " pending generations exceeded",
                                PENDING_LIMIT_RETRY_AFTER,
                                requestId));
    }
}
