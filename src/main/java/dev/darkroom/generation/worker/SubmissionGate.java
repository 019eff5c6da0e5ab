package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.store.BudgetStore;
import dev.darkroom.generation.store.BudgetStore.Reservation;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.usage.BudgetLimit;
import dev.darkroom.usage.BudgetLimits;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Permits submissions. Stores the expected cost of a submission with a price, so that it is known when this process dies, and reserves it on the
 * budgets. Executes no statement for a submission without a price. Stateless.
 */
record SubmissionGate(
        SubmissionPricing pricing,
        BudgetLimits budgetLimits,
        GenerationLeaseStore leases,
        BudgetStore budgets,
        BackendRouter router) {
    private static final Logger LOG = LoggerFactory.getLogger(SubmissionGate.class);

    /** Code of an attempt, and of a generation, for which no budget is left. */
    static final String BUDGET_EXCEEDED = "BUDGET_EXCEEDED";

    /** Pause of an AI server with a budget that is spent; then a cheaper request may fit. */
    private static final Duration SPENT_PAUSE = Duration.ofSeconds(30);

    /** Time after which a submission in progress may have released its reservation. */
    private static final Duration RESERVED_PAUSE = Duration.ofSeconds(1);

    /** Delay of a generation that another AI server may make. */
    private static final Duration REROUTING_DELAY = Duration.ofMillis(100);

    /** Completes with the answer. The future never fails. */
    Future<SubmissionPermit> request(GenerationLease generationLease) {
        List<BudgetLimit> limits = budgetLimits.of(generationLease.userId(), generationLease.backend());
        OptionalLong cost = pricing.expectedCost(generationLease);
        if (cost.isEmpty()) {
            return Future.succeededFuture(SubmissionPermit.GRANTED);
        }
        Future<SubmissionPermit> permit = limits.isEmpty()
                ? leases.storeExpectedCost(generationLease, cost.getAsLong())
                        .map(held -> held ? SubmissionPermit.GRANTED : new SubmissionPermit.Withheld(Duration.ZERO))
                : budgets.reserve(generationLease, cost.getAsLong(), limits)
                        .map(reservation -> toPermit(generationLease, reservation));
        return permit.otherwise(error -> {
            LOG.atWarn()
                    .addKeyValue("generation", generationLease.generationId())
                    .addKeyValue("attempt", generationLease.number())
                    .addKeyValue("reason", error.getMessage())
                    .log("expected cost not stored, nothing submitted");
            return new SubmissionPermit.Withheld(RESERVED_PAUSE);
        });
    }

    private SubmissionPermit toPermit(GenerationLease generationLease, Reservation reservation) {
        if (reservation instanceof Reservation.Exceeded exceeded) {
            return refuse(generationLease, exceeded);
        }
        return reservation instanceof Reservation.Reserved
                ? SubmissionPermit.GRANTED
                : new SubmissionPermit.Withheld(Duration.ZERO);
    }

    private SubmissionPermit refuse(GenerationLease generationLease, Reservation.Exceeded exceeded) {
        BudgetLimit limit = exceeded.limit();
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("scope", limit.scope())
                .addKeyValue("owner", limit.owner())
                .addKeyValue("period", limit.period())
                .addKeyValue("limitMicros", limit.micros())
                .log("budget exhausted, nothing submitted");
        if (limit.scope() == BudgetLimit.Scope.BACKEND) {
            router.executor(generationLease.backend())
                    .ifPresent(executor -> executor.pause(exceeded.spent() ? SPENT_PAUSE : RESERVED_PAUSE));
            return new SubmissionPermit.Withheld(REROUTING_DELAY);
        }
        return exceeded.spent()
                ? new SubmissionPermit.Refused(BackendFailure.of(
                        FailureClass.NOT_SENT,
                        BUDGET_EXCEEDED,
                        limit.period() == BudgetLimit.Period.DAY
                                ? "The daily budget of the user is exhausted."
                                : "The monthly budget of the user is exhausted."))
                : new SubmissionPermit.Withheld(RESERVED_PAUSE);
    }
}
