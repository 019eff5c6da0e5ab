package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.store.BudgetStore;
import dev.darkroom.generation.store.BudgetStore.Reservation;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.usage.BudgetLimit;
import dev.darkroom.usage.BudgetLimits;
import dev.darkroom.usage.BudgetState;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Permits submissions. Stores the expected cost of a submission with a price, so that it is known when this process dies, and reserves it on the
 * budgets. Stores that a look-up found no job and submits again. Executes no other statement for a submission without a price. Stateless.
 */
record SubmissionGate(
        SubmissionPricing pricing,
        BudgetLimits budgetLimits,
        GenerationLeaseStore leases,
        BudgetStore budgets,
        BackendRouter router) {
    private static final Logger LOG = LoggerFactory.getLogger(SubmissionGate.class);

    /** Maximum pause of an AI server with a budget that is spent; then a cheaper request may fit. */
    private static final Duration SPENT_PAUSE = Duration.ofSeconds(30);

    /** Time after which a submission in progress may have released its reservation, or another AI server may have a permit. */
    private static final Duration RESERVED_PAUSE = Duration.ofSeconds(1);

    /** Delay of a generation that another AI server may make. */
    private static final Duration REROUTING_DELAY = Duration.ofMillis(100);

    /** Completes with the answer. The future never fails. */
    Future<SubmissionPermit> request(GenerationLease generationLease) {
        return requestWithinBudgets(generationLease)
                .compose(permit -> permit instanceof SubmissionPermit.Granted && generationLease.isLookUp()
                        ? ifHeld(
                                leases.storeSelection(generationLease, router.selectionOf(generationLease.route())),
                                permit)
                        : Future.succeededFuture(permit))
                .otherwise(error -> {
                    LOG.atWarn()
                            .addKeyValue("generation", generationLease.generationId())
                            .addKeyValue("attempt", generationLease.number())
                            .addKeyValue("reason", error.getMessage())
                            .log("expected cost not stored, nothing submitted");
                    return new SubmissionPermit.Withheld(RESERVED_PAUSE);
                });
    }

    private Future<SubmissionPermit> requestWithinBudgets(GenerationLease generationLease) {
        OptionalLong cost = pricing.expectedCost(generationLease);
        if (cost.isEmpty()) {
            return Future.succeededFuture(SubmissionPermit.GRANTED);
        }
        List<BudgetLimit> limits = isFreeOfCharge(generationLease, generationLease.backend())
                ? List.of()
                : budgetLimits.of(generationLease.userId(), generationLease.backend());
        return limits.isEmpty()
                ? ifHeld(leases.storeExpectedCost(generationLease, cost.getAsLong()), SubmissionPermit.GRANTED)
                : budgets.reserve(generationLease, cost.getAsLong(), limits)
                        .compose(reservation -> toPermit(generationLease, cost.getAsLong(), reservation));
    }

    private static Future<SubmissionPermit> ifHeld(Future<Boolean> held, SubmissionPermit permit) {
        return held.map(still -> still ? permit : new SubmissionPermit.Withheld(Duration.ZERO));
    }

    private Future<SubmissionPermit> toPermit(GenerationLease generationLease, long cost, Reservation reservation) {
        if (reservation instanceof Reservation.Exceeded exceeded) {
            return withoutBudget(generationLease, cost, exceeded.budget());
        }
        return Future.succeededFuture(
                reservation instanceof Reservation.Reserved
                        ? SubmissionPermit.GRANTED
                        : new SubmissionPermit.Withheld(Duration.ZERO));
    }

    private Future<SubmissionPermit> withoutBudget(GenerationLease generationLease, long cost, BudgetState budget) {
        BudgetLimit limit = budget.limit();
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("backend", generationLease.backend())
                .addKeyValue("scope", limit.scope())
                .addKeyValue("owner", limit.owner())
                .addKeyValue("period", limit.period())
                .addKeyValue("limitMicros", limit.micros())
                .log("budget exhausted, nothing submitted");
        if (budget.resetsIn().isNegative() || budget.resetsIn().isZero()) {
            // The next attempt belongs to the next period.
            return Future.succeededFuture(new SubmissionPermit.Withheld(REROUTING_DELAY));
        }
        if (limit.scope() == BudgetLimit.Scope.BACKEND) {
            Duration pause = budget.spentBy(cost) ? min(SPENT_PAUSE, budget.resetsIn()) : RESERVED_PAUSE;
            router.executor(generationLease.backend()).ifPresent(executor -> executor.pause(pause));
            return Future.succeededFuture(new SubmissionPermit.Withheld(REROUTING_DELAY));
        }
        List<String> affordable = findOthers(generationLease, other -> !budget.spentBy(other));
        if (affordable.isEmpty() && budget.spentBy(cost)) {
            return Future.succeededFuture(new SubmissionPermit.Refused(BackendFailure.of(
                    FailureClass.NOT_SENT,
                    "BUDGET_EXCEEDED",
                    limit.period() == BudgetLimit.Period.DAY
                            ? "The daily budget of the user is exhausted."
                            : "The monthly budget of the user is exhausted.")));
        }
        return findOthers(generationLease, other -> !budget.exceededBy(other)).stream()
                .filter(this::canStart)
                .findFirst()
                .map(generationLease::moveTo)
                .map(moved -> ifHeld(leases.move(moved), new SubmissionPermit.Moved(moved)))
                .orElse(Future.succeededFuture(new SubmissionPermit.Withheld(RESERVED_PAUSE)));
    }

    /** Returns the other AI servers of the model at which the request is free of charge or has a permitted cost. */
    private List<String> findOthers(GenerationLease generationLease, LongPredicate permitted) {
        String route = generationLease.route();
        return router.targets(route).stream()
                .map(ModelSettings.Target::backend)
                .filter(backend -> !backend.equals(generationLease.backend()))
                .filter(backend -> isFreeOfCharge(generationLease, backend)
                        || permitted.test(router.expectedCost(route, backend, generationLease.imageRequest())
                                .orElse(0)))
                .toList();
    }

    private boolean isFreeOfCharge(GenerationLease generationLease, String backend) {
        return router.isFreeOfCharge(generationLease.route(), backend, generationLease.imageRequest());
    }

    private boolean canStart(String backend) {
        return router.executor(backend)
                .map(executor -> executor.availablePermits() > 0)
                .orElse(false);
    }

    private static Duration min(Duration first, Duration second) {
        return first.compareTo(second) < 0 ? first : second;
    }
}
